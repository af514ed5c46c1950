/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list of a tree as digested pages on disk (docs/protocol.md 5): one record an entry,
 * paths in walking order, the contents of all files laid out as one stream. The same checks
 * run on what we write, on what a peer sends and on what lies on disk after a restart, so a
 * closed manifest is well formed whoever made it.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "transfer/left.h"

#include <limits.h>
#include <stdint.h>

#define SEGMENT_BYTES (4U << 20)      /* the stream is cut at multiples of this */
#define ALIGNED_FILE_BYTES (1U << 20) /* a file of this length starts a segment */
#define PAGE_BYTES_MAX (1U << 20)
#define PAGES_MAX 65536U          /* of one generation */
#define SEGMENTS_MAX (1ULL << 26) /* 256 TiB of stream */
#define ENTRY_PATH_MAX (PATH_MAX - 1)
#define ENTRY_XATTR_BYTES_MAX (512U << 10) /* all extended attributes of one entry */
#define ENTRY_EXTENTS_MAX 16384U           /* data ranges of one sparse file */

enum entry_kind { ENTRY_DIRECTORY = 1, ENTRY_FILE, ENTRY_SYMLINK, ENTRY_LINK };

/* What the source saw when it listed the file; only the source looks at it again. */
struct entry_identity {
    uint64_t device;
    uint64_t inode;
    int64_t ctime;
    uint32_t ctime_ns;
};

/* One entry. Spans are borrowed from the page (reading) or from the caller (writing). */
struct entry {
    enum entry_kind kind;
    struct span path; /* relative; empty for the root, which is the first entry */
    uint32_t mode;    /* permission bits, setuid, setgid and sticky only */
    uint32_t uid;
    uint32_t gid;
    struct span user;  /* name of uid at the source, or empty */
    struct span group; /* name of gid */
    int64_t mtime;
    uint32_t mtime_ns;
    uint64_t size;       /* files: bytes, holes included */
    uint64_t offset;     /* files: where its data starts in the stream */
    unsigned reference;  /* files: generation whose contents of this path hold, or 0 */
    struct span target;  /* symlinks: what it says; links: path of the first link */
    bool sparse;         /* files: only the ranges in `extents` are data */
    struct span extents; /* pairs of u64 offset, u64 length */
    struct span xattrs;  /* u16 length, name, u32 length, value, repeated; or empty */
    bool has_identity;
    struct entry_identity identity;
};
/* Bytes of data: size, or the sum of its extents. */
uint64_t entry_length(const struct entry *entry);
struct stat;
/* A regular file that nothing has happened to since it was listed. The device's number is
 * no part of it: it may be another after a restart. */
bool entry_is_file(const struct entry *entry, const struct stat *st);
/* Those of them that the stream carries: none of a file that is here by reference. */
uint64_t entry_carried(const struct entry *entry);

struct extent {
    uint64_t at;
    uint64_t n;
};
/* Data range i of a file, false past the last one. A file without holes has one. */
bool entry_extent(const struct entry *entry, size_t i, struct extent *out);
/* Take the first attribute off `xattrs`; false when none is left. */
struct xattr {
    struct span name;
    struct span value;
};
bool entry_take_xattr(struct span *xattrs, struct xattr *out);
/* Walking order: byte by byte with '/' before every other byte. <0, 0, >0. */
int entry_compare_paths(struct span a, struct span b);
/* Bytes of the path of what it lies in; 0: in the root. */
size_t entry_parent_length(struct span path);

/* Where the next entry stands, and what it may be called. */
struct layout {
    unsigned generation;
    uint64_t at; /* end of the stream so far */
    uint64_t entries;
    uint64_t files;
    uint64_t bytes;   /* of data in all files */
    uint64_t carried; /* by the segments: not what is here by reference, no padding */
    char last[PATH_MAX];
    size_t last_n;
    enum entry_kind last_kind;
};
/* Offset that a file of which the stream carries this many bytes gets. */
uint64_t layout_offset(const struct layout *layout, uint64_t length);

/* What closes a manifest; both sides compute it, but for what is left behind. */
struct manifest_sum {
    struct digest root; /* digest over the page digests in order */
    uint64_t pages;
    uint64_t entries;
    uint64_t files;
    uint64_t bytes;
    uint64_t segments;
    enum digest_kind kind;
    struct left_behind left;
};
/* The same sum, root included, whatever is left behind. */
bool manifest_sum_equal(const struct manifest_sum *a, const struct manifest_sum *b);

struct manifest_page {
    struct digest digest;
    uint64_t stream; /* end of the stream before the page's first entry */
};

struct manifest {
    int dir; /* borrowed: where manifest-<generation>.<page> lie */
    unsigned generation;
    enum digest_kind kind;
    struct manifest_page *page; /* n of them, in order */
    size_t n;
    size_t room;
    struct layout layout;
    struct left_behind left; /* writing: set before it is closed */
    struct buf open_page;    /* writing: the page not yet on disk */
    struct buf record;
    uint32_t open_records;
    uint64_t open_stream;    /* end of the stream before it */
    struct manifest_sum sum; /* counts once closed */
    bool closed;
};

/* An empty manifest of this generation, nothing on disk yet. */
void manifest_begin(struct manifest *out, int dir, unsigned generation,
                    enum digest_kind kind);
/* Take up what lies on disk: every page is read and checked again. With no page there it is
 * an empty manifest; `closed` tells whether it is whole. */
must_check bool manifest_open(struct manifest *out, int dir, unsigned generation,
                              enum digest_kind kind, struct error *err);

/* Something of this generation lies on disk. */
must_check bool manifest_is_there(bool *there, int dir, unsigned generation,
                                  struct error *err);

/* Writing: entries in walking order (offset is set here), then the end. */
must_check bool manifest_add(struct manifest *manifest, struct entry *entry,
                             struct error *err);
must_check bool manifest_close(struct manifest *manifest, struct error *err);

/* Taking a peer's: page n is the next one, or one that is here already with that digest. */
must_check bool manifest_take_page(struct manifest *manifest, uint64_t n, struct span bytes,
                                   const struct digest *digest, struct error *err);
/* Every number and the root must be ours too; then it is closed, durably. Of what is left
 * behind the newest word counts, also about a closed one. */
must_check bool manifest_take_close(struct manifest *manifest,
                                    const struct manifest_sum *claimed, struct error *err);

/* The digest over the digests of the pages so far; of a closed manifest its root. */
void manifest_root_so_far(const struct manifest *manifest, struct digest *out);
/* The bytes of page n, checked against its digest. */
must_check bool manifest_read_page(struct buf *out, const struct manifest *manifest,
                                   uint64_t n, struct error *err);
void manifest_clear(struct manifest *manifest);
