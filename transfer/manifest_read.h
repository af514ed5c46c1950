/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a manifest: a page's records one by one (the parser of outside bytes), all
 * entries in order, and the pieces of files that make up one segment. A manifest that is
 * closed may be read by many threads, each with a walk of its own.
 */
#pragma once

#include "transfer/manifest.h"

/* The records of one page, without their place in the whole. */
struct page_reader {
    struct span rest;
    uint32_t number;
    uint32_t records; /* still to come */
    uint64_t entries; /* entries before this page */
    uint64_t stream;  /* end of the stream before this page */
};
must_check bool page_begin(struct page_reader *out, struct span page, struct error *err);
/* True with an entry; false at the end (err untouched) or when it is malformed (err set).
 */
bool page_next(struct page_reader *reader, struct entry *out, struct error *err);

/* The entry may follow (path, order, parent, offset); moves the layout on. */
must_check bool layout_admit(struct layout *layout, const struct entry *entry,
                             struct error *err);

/* All entries from a page on. */
struct walk {
    const struct manifest *manifest;
    uint64_t page; /* the next one to read */
    struct buf bytes;
    bool holds; /* `bytes` are the page before `page` */
    struct page_reader reader;
};
void walk_begin(struct walk *out, const struct manifest *manifest, uint64_t page);
bool walk_next(struct walk *walk, struct entry *out, struct error *err);
void walk_clear(struct walk *walk);

/* The part of one file's data range that lies in one segment. */
struct piece {
    struct entry entry; /* valid until the next piece */
    uint64_t file_at;   /* where it belongs in the file */
    size_t at;          /* where it stands in the segment's plain bytes */
    size_t n;
    bool ends_file; /* its last bytes */
    bool whole;     /* the file's data is this one piece */
};

struct cut {
    struct walk walk;
    uint64_t start; /* of the segment in the stream */
    struct {
        bool set;
        uint64_t start, page;
        struct page_reader reader;
    } mark; /* before the first entry of a segment: those behind it are found from here */
    struct entry entry;
    bool found; /* an entry of this segment */
    bool in_entry;
    size_t extent;     /* the next one of this entry */
    uint64_t entry_at; /* stream bytes of this entry before it */
    uint64_t length;   /* and all of them */
};
/* Segment `number` of a closed manifest. A cut that is used again keeps its page. */
must_check bool cut_begin(struct cut *cut, const struct manifest *manifest, uint64_t number,
                          struct error *err);
bool cut_next(struct cut *cut, struct piece *out, struct error *err);
/* The plain length of a segment, from the manifest alone. */
must_check bool cut_length(size_t *out, struct cut *cut, const struct manifest *manifest,
                           uint64_t number, struct error *err);
void cut_clear(struct cut *cut);
