/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/manifest_read.h"

#include "transfer/manifest_form.h"

#include <string.h>
#include <sys/stat.h>

/* A big-endian number of `width` bytes; 0 when there are not as many. */
static inline uint64_t take_number(struct span *from, size_t width)
{
    struct span bytes = {0};

    return span_take(from, width, &bytes) ? span_number(bytes) : 0;
}

static void read_path(struct entry *out, struct span value)
{
    out->path = value;
}

static void read_stat(struct entry *out, struct span value)
{
    out->mode = (uint32_t)take_number(&value, 4);
    out->uid = (uint32_t)take_number(&value, 4);
    out->gid = (uint32_t)take_number(&value, 4);
    out->mtime = (int64_t)take_number(&value, 8);
    out->mtime_ns = (uint32_t)take_number(&value, 4);
}

static void read_data(struct entry *out, struct span value)
{
    out->size = take_number(&value, 8);
    out->offset = take_number(&value, 8);
}

static void read_target(struct entry *out, struct span value)
{
    out->target = value;
}

static void read_extents(struct entry *out, struct span value)
{
    out->sparse = true;
    out->extents = value;
}

static void read_user(struct entry *out, struct span value)
{
    out->user = value;
}

static void read_group(struct entry *out, struct span value)
{
    out->group = value;
}

static void read_xattrs(struct entry *out, struct span value)
{
    out->xattrs = value;
}

static void read_reference(struct entry *out, struct span value)
{
    out->reference = (unsigned)take_number(&value, 4);
}

static void read_identity(struct entry *out, struct span value)
{
    out->has_identity = true;
    out->identity.device = take_number(&value, 8);
    out->identity.inode = take_number(&value, 8);
    out->identity.ctime = (int64_t)take_number(&value, 8);
    out->identity.ctime_ns = (uint32_t)take_number(&value, 4);
}

struct field_rule {
    size_t min;
    size_t max;
    void (*read)(struct entry *out, struct span value);
};

static const struct field_rule fields[] = {
    [FIELD_PATH] = {0, ENTRY_PATH_MAX, read_path},
    [FIELD_STAT] = {24, 24, read_stat},
    [FIELD_DATA] = {16, 16, read_data},
    [FIELD_TARGET] = {1, ENTRY_PATH_MAX, read_target},
    [FIELD_EXTENTS] = {0, (size_t)16 * ENTRY_EXTENTS_MAX, read_extents},
    [FIELD_USER] = {1, FIELD_NAME_MAX, read_user},
    [FIELD_GROUP] = {1, FIELD_NAME_MAX, read_group},
    [FIELD_XATTRS] = {1, ENTRY_XATTR_BYTES_MAX, read_xattrs},
    [FIELD_REFERENCE] = {4, 4, read_reference},
};
static const struct field_rule optional_fields[] = {
    [FIELD_IDENTITY & ~FIELD_OPTIONAL] = {28, 28, read_identity},
};

/* NULL for a field that is not known here. */
static const struct field_rule *rule_of(unsigned tag)
{
    const bool optional = (tag & FIELD_OPTIONAL) != 0;
    const struct field_rule *rules = optional ? optional_fields : fields;
    const size_t n = optional ? COUNT(optional_fields) : COUNT(fields);

    tag &= ~(unsigned)FIELD_OPTIONAL;
    return tag < n && rules[tag].read != NULL ? &rules[tag] : NULL;
}

static bool read_field(struct entry *out, unsigned tag, struct span value,
                       struct error *err)
{
    const struct field_rule *rule = rule_of(tag);

    if (rule == NULL)
        return (tag & FIELD_OPTIONAL) != 0 || fail(err, E_MANIFEST_NEWER, "field %u", tag);
    if (value.n < rule->min || value.n > rule->max)
        return fail(err, E_MANIFEST_BAD, "field %u of %zu bytes", tag, value.n);
    rule->read(out, value);
    return true;
}

/* Fields stand in ascending order, each at most once. */
static bool read_fields(struct entry *out, struct span rest, unsigned *seen,
                        struct error *err)
{
    unsigned last = 0;

    while (rest.n > 0) {
        struct span value = {0};
        unsigned tag;

        if (rest.n < FIELD_HEAD_BYTES)
            return fail(err, E_MANIFEST_BAD, "a field is cut off");
        tag = (unsigned)take_number(&rest, 2);
        if (!span_take(&rest, (size_t)take_number(&rest, 4), &value))
            return fail(err, E_MANIFEST_BAD, "field %u is cut off", tag);
        if (tag <= last)
            return fail(err, E_MANIFEST_BAD, "field %u behind field %u", tag, last);
        if (!read_field(out, tag, value, err))
            return false;
        if (tag < FIELD_SEEN_MAX)
            *seen |= 1U << tag;
        last = tag;
    }
    return true;
}

/* Which fields an entry of each kind must have, and which it may. */
static const struct {
    unsigned must;
    unsigned may;
} shapes[] = {
    [ENTRY_DIRECTORY] = {SEEN(FIELD_PATH) | SEEN(FIELD_STAT), SEEN_OWNERS},
    [ENTRY_FILE] = {SEEN(FIELD_PATH) | SEEN(FIELD_STAT) | SEEN(FIELD_DATA),
                    SEEN_OWNERS | SEEN(FIELD_EXTENTS) | SEEN(FIELD_REFERENCE)},
    [ENTRY_SYMLINK] = {SEEN(FIELD_PATH) | SEEN(FIELD_STAT) | SEEN(FIELD_TARGET),
                       SEEN_OWNERS},
    [ENTRY_LINK] = {SEEN(FIELD_PATH) | SEEN(FIELD_TARGET), 0},
};

static bool read_record(struct entry *out, struct span record, struct error *err)
{
    unsigned seen = 0;
    unsigned kind;

    *out = (struct entry){0};
    if (record.n < 2)
        return fail(err, E_MANIFEST_BAD, "a record of %zu bytes", record.n);
    kind = (unsigned)take_number(&record, 2);
    if (kind < ENTRY_DIRECTORY || kind > ENTRY_LINK)
        return fail(err, E_MANIFEST_NEWER, "an entry of kind %u", kind);
    out->kind = (enum entry_kind)kind;
    if (!read_fields(out, record, &seen, err))
        return false;
    if ((seen & shapes[kind].must) != shapes[kind].must ||
        (seen & ~(shapes[kind].must | shapes[kind].may)) != 0)
        return fail(err, E_MANIFEST_BAD, "kind %u with fields %#x", kind, seen);
    return true;
}

bool page_begin(struct page_reader *out, struct span page, struct error *err)
{
    struct span rest = page;

    *out = (struct page_reader){0};
    if (page.n < PAGE_HEAD_BYTES || page.n > PAGE_BYTES_MAX)
        return fail(err, E_MANIFEST_BAD, "a page of %zu bytes", page.n);
    if (!span_starts(rest, PAGE_MAGIC))
        return fail(err, E_MANIFEST_BAD, "no page");
    rest = span_after(rest, strlen(PAGE_MAGIC));
    if (take_number(&rest, 4) != PAGE_VERSION)
        return fail(err, E_MANIFEST_NEWER, "a page of another version");
    out->number = (uint32_t)take_number(&rest, 4);
    out->records = (uint32_t)take_number(&rest, 4);
    out->entries = take_number(&rest, 8);
    out->stream = take_number(&rest, 8);
    out->rest = rest;
    return out->records > 0 || fail(err, E_MANIFEST_BAD, "an empty page");
}

bool page_next(struct page_reader *reader, struct entry *out, struct error *err)
{
    struct span record = {0};

    if (reader->records == 0) {
        if (reader->rest.n > 0)
            fail(err, E_MANIFEST_BAD, "%zu bytes behind the last record", reader->rest.n);
        return false;
    }
    if (reader->rest.n < 4 ||
        !span_take(&reader->rest, (size_t)take_number(&reader->rest, 4), &record))
        return fail(err, E_MANIFEST_BAD, "a record is cut off");
    reader->records--;
    return read_record(out, record, err);
}

bool entry_is_file(const struct entry *entry, const struct stat *st)
{
    const struct entry_identity *at = &entry->identity;

    return entry->kind == ENTRY_FILE && S_ISREG(st->st_mode) && entry->has_identity &&
           entry->size == (uint64_t)st->st_size && entry->mtime == st->st_mtim.tv_sec &&
           entry->mtime_ns == (uint32_t)st->st_mtim.tv_nsec && at->inode == st->st_ino &&
           at->ctime == st->st_ctim.tv_sec && at->ctime_ns == (uint32_t)st->st_ctim.tv_nsec;
}

uint64_t entry_length(const struct entry *entry)
{
    uint64_t sum = 0;
    struct extent extent;

    if (!entry->sparse)
        return entry->size;
    for (size_t i = 0; entry_extent(entry, i, &extent); i++)
        sum += extent.n;
    return sum;
}

uint64_t entry_carried(const struct entry *entry)
{
    return entry->reference == 0 ? entry_length(entry) : 0;
}

bool entry_extent(const struct entry *entry, size_t i, struct extent *out)
{
    struct span rest;

    if (!entry->sparse) {
        *out = (struct extent){.at = 0, .n = entry->size};
        return i == 0 && entry->size > 0;
    }
    if (i >= entry->extents.n / 16)
        return false;
    rest = span_after(entry->extents, 16 * i);
    out->at = take_number(&rest, 8);
    out->n = take_number(&rest, 8);
    return true;
}

bool entry_take_xattr(struct span *xattrs, struct xattr *out)
{
    struct span rest = *xattrs;

    if (rest.n < 2 || !span_take(&rest, (size_t)take_number(&rest, 2), &out->name))
        return false;
    if (rest.n < 4 || !span_take(&rest, (size_t)take_number(&rest, 4), &out->value))
        return false;
    *xattrs = rest;
    return true;
}

void walk_begin(struct walk *out, const struct manifest *manifest, uint64_t page)
{
    out->manifest = manifest;
    out->page = page;
    out->holds = false;
    out->reader = (struct page_reader){0};
}

static bool turn_page(struct walk *walk, struct error *err)
{
    walk->holds = false;
    if (!manifest_read_page(&walk->bytes, walk->manifest, walk->page, err))
        return false;
    walk->page++;
    walk->holds = true;
    return page_begin(&walk->reader, buf_span(&walk->bytes), err);
}

bool walk_next(struct walk *walk, struct entry *out, struct error *err)
{
    while (walk->reader.records == 0) {
        if (walk->page >= walk->manifest->n)
            return false;
        if (!turn_page(walk, err))
            return false;
    }
    return page_next(&walk->reader, out, err);
}

void walk_clear(struct walk *walk)
{
    buf_clear(&walk->bytes);
}
