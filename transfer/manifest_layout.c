/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which entry may stand where, and where its contents lie. */
#include "transfer/manifest_read.h"

#include <string.h>

#define STREAM_MAX (SEGMENTS_MAX * SEGMENT_BYTES)
#define MODE_BITS 07777U
#define NANOSECONDS 1000000000U

static unsigned rank(unsigned char byte)
{
    return byte == '/' ? 0 : byte + 1U;
}

int entry_compare_paths(struct span a, struct span b)
{
    const size_t n = a.n < b.n ? a.n : b.n;

    for (size_t i = 0; i < n; i++)
        if (a.at[i] != b.at[i])
            return rank(a.at[i]) < rank(b.at[i]) ? -1 : 1;
    return a.n < b.n ? -1 : a.n > b.n;
}

static bool component_is_allowed(struct span name)
{
    return name.n > 0 && name.n <= NAME_MAX && !span_equal(name, span_text(".")) &&
           !span_equal(name, span_text("..")) && memchr(name.at, '\0', name.n) == NULL;
}

static bool path_is_allowed(struct span path)
{
    size_t start = 0;

    for (size_t i = 0; i <= path.n; i++) {
        if (i < path.n && path.at[i] != '/')
            continue;
        if (!component_is_allowed(span_head(span_after(path, start), i - start)))
            return false;
        start = i + 1;
    }
    return path.n <= ENTRY_PATH_MAX;
}

size_t entry_parent_length(struct span path)
{
    size_t n = path.n;

    while (n > 0 && path.at[n - 1] != '/')
        n--;
    return n > 0 ? n - 1 : 0;
}

/* The parent is the last entry, when that is a directory, or a directory above it. */
static bool parent_is_listed(const struct layout *layout, struct span path)
{
    const size_t n = entry_parent_length(path);

    if (n == 0)
        return true;
    if (n > layout->last_n || memcmp(layout->last, path.at, n) != 0)
        return false;
    return n < layout->last_n ? layout->last[n] == '/'
                              : layout->last_kind == ENTRY_DIRECTORY;
}

static bool place_is_right(const struct layout *layout, const struct entry *entry,
                           struct error *err)
{
    const struct span last = span_of(layout->last, layout->last_n);

    if (layout->entries == 0)
        return (entry->path.n == 0 && entry->kind == ENTRY_DIRECTORY) ||
               fail(err, E_MANIFEST_ORDER, "the first entry is not the root");
    if (!path_is_allowed(entry->path))
        return fail(err, E_MANIFEST_PATH, "entry %llu",
                    (unsigned long long)layout->entries);
    if (entry_compare_paths(entry->path, last) <= 0)
        return fail(err, E_MANIFEST_ORDER, "entry %llu does not come after the one before",
                    (unsigned long long)layout->entries);
    return parent_is_listed(layout, entry->path) ||
           fail(err, E_MANIFEST_ORDER, "entry %llu stands in no directory",
                (unsigned long long)layout->entries);
}

static bool extents_are_right(const struct entry *entry)
{
    uint64_t end = 0;
    struct extent extent;

    if (entry->extents.n % 16 != 0)
        return false;
    for (size_t i = 0; entry_extent(entry, i, &extent); i++) {
        if (extent.n == 0 || extent.at < end || (i > 0 && extent.at == end) ||
            extent.n > entry->size || extent.at > entry->size - extent.n)
            return false;
        end = extent.at + extent.n;
    }
    return true;
}

static bool file_is_right(const struct layout *layout, const struct entry *entry,
                          struct error *err)
{
    uint64_t length;

    if (entry->size > INT64_MAX || (entry->sparse && !extents_are_right(entry)))
        return fail(err, E_MANIFEST_LAYOUT, "data ranges of entry %llu",
                    (unsigned long long)layout->entries);
    length = entry_length(entry);
    if (length > STREAM_MAX)
        return fail(err, E_TREE_LARGE, "a file of %llu bytes", (unsigned long long)length);
    if (entry->reference != 0 && entry->reference + 1 != layout->generation)
        return fail(err, E_MANIFEST_REFERENCE, "generation %u in generation %u",
                    entry->reference, layout->generation);
    length = entry_carried(entry);
    if (entry->offset != layout_offset(layout, length))
        return fail(err, E_MANIFEST_LAYOUT, "offset of entry %llu",
                    (unsigned long long)layout->entries);
    return entry->offset <= STREAM_MAX - length || fail(err, E_TREE_LARGE, "the stream");
}

static bool xattrs_are_right(struct span xattrs)
{
    struct xattr xattr;

    while (entry_take_xattr(&xattrs, &xattr))
        if (xattr.name.n == 0 || xattr.name.n > NAME_MAX ||
            memchr(xattr.name.at, '\0', xattr.name.n) != NULL)
            return false;
    return xattrs.n == 0;
}

static bool name_is_right(struct span name)
{
    return name.n == 0 || memchr(name.at, '\0', name.n) == NULL;
}

static bool values_are_right(const struct layout *layout, const struct entry *entry,
                             struct error *err)
{
    const struct span target = entry->target;

    if ((entry->mode & ~MODE_BITS) != 0 || entry->mtime_ns >= NANOSECONDS ||
        !name_is_right(entry->user) || !name_is_right(entry->group) ||
        !xattrs_are_right(entry->xattrs))
        return fail(err, E_MANIFEST_BAD, "a value of entry %llu",
                    (unsigned long long)layout->entries);
    if (target.n > 0 && memchr(target.at, '\0', target.n) != NULL)
        return fail(err, E_MANIFEST_PATH, "target of entry %llu",
                    (unsigned long long)layout->entries);
    if (entry->kind == ENTRY_LINK &&
        (!path_is_allowed(target) || entry_compare_paths(target, entry->path) >= 0))
        return fail(err, E_MANIFEST_PATH, "first link of entry %llu",
                    (unsigned long long)layout->entries);
    return true;
}

uint64_t layout_offset(const struct layout *layout, uint64_t length)
{
    if (length == 0)
        return 0;
    if (length < ALIGNED_FILE_BYTES)
        return layout->at;
    return (layout->at + SEGMENT_BYTES - 1) / SEGMENT_BYTES * SEGMENT_BYTES;
}

bool layout_admit(struct layout *layout, const struct entry *entry, struct error *err)
{
    if (!place_is_right(layout, entry, err) || !values_are_right(layout, entry, err))
        return false;
    if (entry->kind == ENTRY_FILE) {
        const uint64_t carried = entry_carried(entry);

        if (!file_is_right(layout, entry, err))
            return false;
        if (carried > 0)
            layout->at = entry->offset + carried;
        layout->files++;
        layout->bytes += entry_length(entry);
        layout->carried += carried;
    }
    if (entry->path.n > 0)
        memcpy(layout->last, entry->path.at, entry->path.n);
    layout->last_n = entry->path.n;
    layout->last_kind = entry->kind;
    layout->entries++;
    return true;
}
