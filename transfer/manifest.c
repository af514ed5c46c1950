/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/manifest.h"

#include "base/fs.h"
#include "base/mem.h"
#include "transfer/disk.h"
#include "transfer/manifest_form.h"
#include "transfer/manifest_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_ROOM 40
#define SUM_BYTES_MAX 128

static void page_name(char out[NAME_ROOM], unsigned generation, uint64_t n)
{
    snprintf(out, NAME_ROOM, "manifest-%u.%06llu", generation, (unsigned long long)n);
}

static void sum_name(char out[NAME_ROOM], unsigned generation)
{
    snprintf(out, NAME_ROOM, "manifest-%u.sum", generation);
}

void manifest_begin(struct manifest *out, int dir, unsigned generation,
                    enum digest_kind kind)
{
    *out = (struct manifest){.dir = dir,
                             .generation = generation,
                             .kind = kind,
                             .layout = {.generation = generation},
                             .open_page = buf_upto(PAGE_BYTES_MAX),
                             .record = buf_upto(PAGE_BYTES_MAX)};
}

void manifest_clear(struct manifest *manifest)
{
    buf_clear(&manifest->open_page);
    buf_clear(&manifest->record);
    mem_free(manifest->page);
    *manifest = (struct manifest){0};
}

static bool count_pages(uint64_t *n, const struct manifest *manifest, struct error *err)
{
    char name[NAME_ROOM];
    bool there = true;

    for (*n = 0; *n < PAGES_MAX; ++*n) {
        page_name(name, manifest->generation, *n);
        if (!fs_has(&there, manifest->dir, name, err))
            return false;
        if (!there)
            break;
    }
    return true;
}

/* The sum and every page, the last one first: what a crash leaves of them are the first
 * ones, which are found again. */
static bool remove_pages(const struct manifest *manifest, struct error *err)
{
    uint64_t n = 0;
    char name[NAME_ROOM];

    sum_name(name, manifest->generation);
    if (unlinkat(manifest->dir, name, 0) != 0 && errno != ENOENT)
        return disk_fail(err, name);
    if (!count_pages(&n, manifest, err))
        return false;
    while (n-- > 0) {
        page_name(name, manifest->generation, n);
        if (unlinkat(manifest->dir, name, 0) != 0)
            return disk_fail(err, name);
    }
    return true;
}

void manifest_root_so_far(const struct manifest *manifest, struct digest *out)
{
    struct digest_run run;

    digest_begin(&run, manifest->kind);
    for (size_t i = 0; i < manifest->n; i++)
        digest_add(&run, digest_span(&manifest->page[i].digest));
    digest_end(&run, out);
}

static void sum_up(const struct manifest *manifest, struct manifest_sum *out)
{
    *out = (struct manifest_sum){.pages = manifest->n,
                                 .entries = manifest->layout.entries,
                                 .files = manifest->layout.files,
                                 .bytes = manifest->layout.bytes,
                                 .segments = (manifest->layout.at + SEGMENT_BYTES - 1) /
                                             SEGMENT_BYTES,
                                 .kind = manifest->kind,
                                 .left = manifest->left};
    manifest_root_so_far(manifest, &out->root);
}

bool manifest_sum_equal(const struct manifest_sum *a, const struct manifest_sum *b)
{
    return digest_equal(&a->root, &b->root) && a->pages == b->pages &&
           a->entries == b->entries && a->files == b->files && a->bytes == b->bytes &&
           a->segments == b->segments && a->kind == b->kind;
}

static bool encode_sum(struct buf *out, const struct manifest_sum *sum, struct error *err)
{
    return buf_add_text(out, SUM_MAGIC, err) && buf_add_u32(out, PAGE_VERSION, err) &&
           buf_add_text(out, digest_name(sum->kind), err) && buf_add_byte(out, 0, err) &&
           buf_add(out, digest_span(&sum->root), err) &&
           buf_add_u64(out, sum->pages, err) && buf_add_u64(out, sum->entries, err) &&
           buf_add_u64(out, sum->files, err) && buf_add_u64(out, sum->bytes, err) &&
           buf_add_u64(out, sum->segments, err) && left_behind_encode(out, &sum->left, err);
}

/* What lies on disk must be what the pages give; the file only says that it is whole. Its
 * name is durable together with theirs: of an open manifest a power cut may take the last
 * pages, which are listed or sent again. */
static bool close_as(struct manifest *manifest, const struct manifest_sum *sum,
                     struct error *err)
{
    scoped(buf_clear) struct buf bytes = buf_upto(SUM_BYTES_MAX);
    char name[NAME_ROOM];

    sum_name(name, manifest->generation);
    if (!encode_sum(&bytes, sum, err) ||
        !disk_replace(manifest->dir, name, buf_span(&bytes), err))
        return false;
    manifest->sum = *sum;
    manifest->closed = true;
    return true;
}

static void keep_page(struct manifest *manifest, const struct digest *digest,
                      uint64_t stream)
{
    if (manifest->n == manifest->room) {
        manifest->room = manifest->room > 0 ? 2 * manifest->room : 64;
        manifest->page =
            mem_resize(manifest->page, manifest->room, sizeof(*manifest->page));
    }
    manifest->page[manifest->n].digest = *digest;
    manifest->page[manifest->n].stream = stream;
    manifest->n++;
}

static bool begin_page(struct manifest *manifest, struct error *err)
{
    struct buf *page = &manifest->open_page;

    buf_reset(page);
    manifest->open_records = 0;
    manifest->open_stream = manifest->layout.at;
    return buf_add_text(page, PAGE_MAGIC, err) && buf_add_u32(page, PAGE_VERSION, err) &&
           buf_add_u32(page, manifest->n, err) && buf_add_u32(page, 0, err) &&
           buf_add_u64(page, manifest->layout.entries, err) &&
           buf_add_u64(page, manifest->layout.at, err);
}

static bool end_page(struct manifest *manifest, struct error *err)
{
    const struct buf *page = &manifest->open_page;
    struct digest digest;
    char name[NAME_ROOM];

    if (manifest->open_records == 0)
        return true;
    if (manifest->n == PAGES_MAX)
        return fail(err, E_TREE_LARGE, "%u pages of manifest", PAGES_MAX);
    record_put_u32(page->at + 12, manifest->open_records);
    digest_of(&digest, manifest->kind, buf_span(page));
    page_name(name, manifest->generation, manifest->n);
    if (!disk_lay(manifest->dir, name, buf_span(page), err))
        return false;
    keep_page(manifest, &digest, manifest->open_stream);
    manifest->open_records = 0;
    return true;
}

bool manifest_add(struct manifest *manifest, struct entry *entry, struct error *err)
{
    const struct layout *layout = &manifest->layout;

    if (layout->entries == 0 && !remove_pages(manifest, err))
        return false;
    entry->offset =
        entry->kind == ENTRY_FILE ? layout_offset(layout, entry_carried(entry)) : 0;
    if (!record_encode(&manifest->record, entry, err))
        return false;
    if (manifest->open_page.n + manifest->record.n > PAGE_BYTES_MAX &&
        !end_page(manifest, err))
        return false;
    if (manifest->open_records == 0 && !begin_page(manifest, err))
        return false;
    if (!layout_admit(&manifest->layout, entry, err) ||
        !buf_add(&manifest->open_page, buf_span(&manifest->record), err))
        return false;
    manifest->open_records++;
    return true;
}

bool manifest_close(struct manifest *manifest, struct error *err)
{
    struct manifest_sum sum;

    if (!end_page(manifest, err))
        return false;
    sum_up(manifest, &sum);
    return close_as(manifest, &sum, err);
}

/* Every entry of the page may stand where it stands. On failure the layout is as before. */
static bool admit_page(struct manifest *manifest, struct span bytes, struct error *err)
{
    struct layout layout = manifest->layout;
    struct page_reader reader;
    struct error trouble = {0};
    struct entry entry;

    if (!page_begin(&reader, bytes, err))
        return false;
    if (reader.number != manifest->n || reader.entries != layout.entries ||
        reader.stream != layout.at)
        return fail(err, E_MANIFEST_LAYOUT, "the head of page %zu", manifest->n);
    while (page_next(&reader, &entry, &trouble) && layout_admit(&layout, &entry, &trouble))
        continue;
    if (trouble.msg != E_NONE) {
        *err = trouble;
        return false;
    }
    manifest->layout = layout;
    return true;
}

/* A first page that is another one begins the manifest again, unless it is closed. */
static bool begin_again(struct manifest *manifest, struct error *err)
{
    if (!remove_pages(manifest, err))
        return false;
    manifest->n = 0;
    manifest->layout = (struct layout){.generation = manifest->generation};
    return true;
}

static bool is_here_already(const struct manifest *manifest, uint64_t n,
                            const struct digest *digest)
{
    return n < manifest->n && digest_equal(&manifest->page[n].digest, digest);
}

bool manifest_take_page(struct manifest *manifest, uint64_t n, struct span bytes,
                        const struct digest *digest, struct error *err)
{
    struct layout before;
    struct digest seen;
    char name[NAME_ROOM];

    if (is_here_already(manifest, n, digest))
        return true;
    if (manifest->closed)
        return fail(err, E_MANIFEST_CLOSED, "page %llu", (unsigned long long)n);
    if (n == 0 && manifest->n > 0 && !begin_again(manifest, err))
        return false;
    if (n != manifest->n || n >= PAGES_MAX)
        return fail(err, E_MANIFEST_SEQUENCE, "page %llu, expected %zu",
                    (unsigned long long)n, manifest->n);
    digest_of(&seen, manifest->kind, bytes);
    if (!digest_equal(&seen, digest))
        return fail(err, E_MANIFEST_DIGEST, "page %llu", (unsigned long long)n);
    before = manifest->layout;
    page_name(name, manifest->generation, n);
    if (!admit_page(manifest, bytes, err))
        return false;
    if (!disk_lay(manifest->dir, name, bytes, err)) {
        manifest->layout = before; /* the page will come again */
        return false;
    }
    keep_page(manifest, digest, before.at);
    return true;
}

bool manifest_take_close(struct manifest *manifest, const struct manifest_sum *claimed,
                         struct error *err)
{
    struct manifest_sum sum;

    sum_up(manifest, &sum);
    if (manifest->closed && !manifest_sum_equal(&sum, claimed))
        return fail(err, E_MANIFEST_CLOSED, "the sum");
    if (manifest->closed && left_behind_equal(&sum.left, &claimed->left))
        return true;
    if (claimed->pages != sum.pages)
        return fail(err, E_MANIFEST_OPEN, "%llu of %llu pages are here",
                    (unsigned long long)sum.pages, (unsigned long long)claimed->pages);
    if (!digest_equal(&claimed->root, &sum.root))
        return fail(err, E_ROOTS_DIFFER, "the manifest root");
    if (sum.entries == 0 || !manifest_sum_equal(claimed, &sum))
        return fail(err, E_MANIFEST_LAYOUT, "the sum");
    manifest->left = sum.left = claimed->left;
    return close_as(manifest, &sum, err);
}

bool manifest_read_page(struct buf *out, const struct manifest *manifest, uint64_t n,
                        struct error *err)
{
    struct digest seen;
    char name[NAME_ROOM];

    page_name(name, manifest->generation, n);
    if (out->max == 0)
        *out = buf_upto(PAGE_BYTES_MAX);
    buf_reset(out);
    if (!buf_reserve(out, PAGE_BYTES_MAX, err) ||
        !fs_read_at(out, manifest->dir, name, err))
        return false;
    digest_of(&seen, manifest->kind, buf_span(out));
    return digest_equal(&seen, &manifest->page[n].digest) ||
           fail(err, E_MANIFEST_DIGEST, "%s on disk", name);
}

/* Page n as it lies on disk, when it is there and may follow. */
static bool take_up_page(struct manifest *manifest, struct buf *bytes, bool *there,
                         struct error *err)
{
    struct digest digest;
    char name[NAME_ROOM];
    uint64_t stream = manifest->layout.at;

    *there = false;
    page_name(name, manifest->generation, manifest->n);
    if (manifest->n < PAGES_MAX && !fs_has(there, manifest->dir, name, err))
        return false;
    if (!*there)
        return true;
    buf_reset(bytes);
    if (!fs_read_at(bytes, manifest->dir, name, err) ||
        !admit_page(manifest, buf_span(bytes), err))
        return false;
    digest_of(&digest, manifest->kind, buf_span(bytes));
    keep_page(manifest, &digest, stream);
    return true;
}

static bool take_up_sum(struct manifest *manifest, bool *there, struct error *err)
{
    scoped(buf_clear) struct buf found = buf_upto(SUM_BYTES_MAX);
    scoped(buf_clear) struct buf ours = buf_upto(SUM_BYTES_MAX);
    char name[NAME_ROOM];

    sum_name(name, manifest->generation);
    if (!fs_has(there, manifest->dir, name, err))
        return false;
    if (!*there)
        return true;
    sum_up(manifest, &manifest->sum);
    if (!fs_read_at(&found, manifest->dir, name, err) ||
        !encode_sum(&ours, &manifest->sum, err))
        return false;
    if (!span_equal(span_head(buf_span(&found), ours.n), buf_span(&ours)) ||
        !left_behind_decode(&manifest->left, span_after(buf_span(&found), ours.n)))
        return fail(err, E_STAGING_BAD, "%s and the pages do not agree", name);
    manifest->sum.left = manifest->left;
    return true;
}

bool manifest_is_there(bool *there, int dir, unsigned generation, struct error *err)
{
    char page[NAME_ROOM], sum[NAME_ROOM];

    page_name(page, generation, 0);
    sum_name(sum, generation);
    return fs_has(there, dir, page, err) && (*there || fs_has(there, dir, sum, err));
}

bool manifest_open(struct manifest *out, int dir, unsigned generation,
                   enum digest_kind kind, struct error *err)
{
    scoped(buf_clear) struct buf bytes = buf_upto(PAGE_BYTES_MAX);
    bool there = true;

    manifest_begin(out, dir, generation, kind);
    while (there)
        if (!take_up_page(out, &bytes, &there, err))
            return false;
    return take_up_sum(out, &out->closed, err);
}
