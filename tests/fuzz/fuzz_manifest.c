/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One page of a manifest as a source sends it, and all that is done with its entries. */
#include "transfer/manifest_form.h"
#include "transfer/manifest_read.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* No admitted path leaves the tree. */
static void path_stays(struct span path)
{
    expect(path.n < PATH_MAX && (path.n == 0 || memchr(path.at, 0, path.n) == NULL));
    for (size_t i = 0; i < path.n; i++) {
        const bool begins = i == 0 || path.at[i - 1] == '/';

        expect(!begins || path.at[i] != '/');
        expect(!begins || path.n - i < 2 || memcmp(path.at + i, "..", 2) != 0 ||
               (path.n - i > 2 && path.at[i + 2] != '/'));
    }
}

static void ask(const struct layout *before, const struct layout *after,
                const struct entry *entry)
{
    struct span xattrs = entry->xattrs;
    struct xattr xattr;

    path_stays(entry->path);
    if (entry->kind == ENTRY_LINK)
        path_stays(entry->target);
    while (entry_take_xattr(&xattrs, &xattr))
        expect(xattr.name.n > 0);
    expect(after->entries == before->entries + 1 && after->at >= before->at);
    expect(entry->kind != ENTRY_FILE || entry_length(entry) <= entry->size);
}

/* What is encoded again reads as the same entry. */
static void read_again(const struct entry *entry)
{
    scoped(buf_clear) struct buf record = buf_upto(PAGE_BYTES_MAX);
    struct error err = {0};
    struct entry again;
    struct page_reader reader = {.records = 1};

    if (!record_encode(&record, entry, &err))
        return;
    reader.rest = buf_span(&record);
    expect(page_next(&reader, &again, &err));
    expect(again.kind == entry->kind && span_equal(again.path, entry->path) &&
           again.size == entry->size && again.offset == entry->offset &&
           again.mode == entry->mode && span_equal(again.target, entry->target));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct page_reader reader;
    struct layout layout = {0};
    struct error err = {0};
    struct entry entry;

    if (!page_begin(&reader, span_of(data, n), &err))
        return 0;
    while (page_next(&reader, &entry, &err)) {
        const struct layout before = layout;

        if (!layout_admit(&layout, &entry, &err))
            return 0;
        ask(&before, &layout, &entry);
        read_again(&entry);
    }
    return 0;
}
