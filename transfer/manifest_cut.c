/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pieces of files that make up one segment. */
#include "transfer/manifest_read.h"

/* The last page before whose entries the stream has not passed `start`. */
static uint64_t page_of(const struct manifest *manifest, uint64_t start)
{
    size_t low = 0;
    size_t high = manifest->n;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (manifest->page[middle].stream <= start)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool cut_begin(struct cut *cut, const struct manifest *manifest, uint64_t number,
               struct error *err)
{
    uint64_t page;

    if (!manifest->closed)
        return fail(err, E_MANIFEST_OPEN, "segment %llu", (unsigned long long)number);
    if (number >= manifest->sum.segments)
        return fail(err, E_SEGMENT_NUMBER, "segment %llu of %llu",
                    (unsigned long long)number, (unsigned long long)manifest->sum.segments);
    cut->start = number * SEGMENT_BYTES;
    cut->in_entry = false;
    page = page_of(manifest, cut->start);
    cut->found = false;
    if (!cut->walk.holds || cut->walk.manifest != manifest || cut->walk.page != page + 1) {
        walk_begin(&cut->walk, manifest, page);
        cut->mark.set = false;
        return true;
    }
    if (cut->mark.set && cut->mark.page == page && cut->mark.start <= cut->start) {
        cut->walk.reader = cut->mark.reader;
        return true;
    }
    return page_begin(&cut->walk.reader, buf_span(&cut->walk.bytes), err);
}

/* `before` read the first entry of the segment, from the page that is still held. */
static void set_mark(struct cut *cut, const struct page_reader *before)
{
    if (cut->found)
        return;
    cut->found = true;
    cut->mark.set = before->records == cut->walk.reader.records + 1;
    cut->mark.start = cut->start;
    cut->mark.page = cut->walk.page - 1;
    cut->mark.reader = *before;
}

/* The next entry with data in the segment, or none. */
static bool next_entry(struct cut *cut, struct error *err)
{
    for (;;) {
        const struct page_reader before = cut->walk.reader;
        uint64_t length;

        if (!walk_next(&cut->walk, &cut->entry, err))
            return false;
        if (cut->entry.kind != ENTRY_FILE)
            continue;
        length = entry_carried(&cut->entry);
        if (length == 0 || cut->entry.offset + length <= cut->start)
            continue;
        if (cut->entry.offset >= cut->start + SEGMENT_BYTES)
            return false;
        set_mark(cut, &before);
        cut->in_entry = true;
        cut->extent = 0;
        cut->entry_at = 0;
        cut->length = length;
        return true;
    }
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The part of the entry's data range that lies in the segment; empty when none does. */
static void lay_piece(const struct cut *cut, const struct extent *extent, struct piece *out)
{
    const uint64_t begins = cut->entry.offset + cut->entry_at; /* of the range, in stream */
    const uint64_t from = higher(begins, cut->start);
    const uint64_t to = lower(begins + extent->n, cut->start + SEGMENT_BYTES);

    out->n = 0;
    if (from >= to)
        return;
    out->entry = cut->entry;
    out->file_at = extent->at + (from - begins);
    out->at = (size_t)(from - cut->start);
    out->n = (size_t)(to - from);
    out->ends_file = to == cut->entry.offset + cut->length;
    out->whole = out->ends_file && from == cut->entry.offset;
}

bool cut_next(struct cut *cut, struct piece *out, struct error *err)
{
    for (;;) {
        struct extent extent;

        if (!cut->in_entry && !next_entry(cut, err))
            return false;
        if (!entry_extent(&cut->entry, cut->extent, &extent)) {
            cut->in_entry = false;
            continue;
        }
        lay_piece(cut, &extent, out);
        cut->extent++;
        cut->entry_at += extent.n;
        if (out->n > 0)
            return true;
    }
}

bool cut_length(size_t *out, struct cut *cut, const struct manifest *manifest,
                uint64_t number, struct error *err)
{
    struct error trouble = {0};
    struct piece piece;

    *out = 0;
    if (!cut_begin(cut, manifest, number, err))
        return false;
    while (cut_next(cut, &piece, &trouble))
        *out = piece.at + piece.n;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

void cut_clear(struct cut *cut)
{
    walk_clear(&cut->walk);
}
