/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One entry as the bytes of its record. */
#include "transfer/manifest_form.h"

void record_put_u32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static bool add_field(struct buf *out, unsigned tag, struct span value, struct error *err)
{
    return buf_add_u16(out, tag, err) && buf_add_u32(out, value.n, err) &&
           buf_add(out, value, err);
}

/* A field that is left out when it says nothing. */
static bool add_optional(struct buf *out, unsigned tag, struct span value,
                         struct error *err)
{
    return value.n == 0 || add_field(out, tag, value, err);
}

static bool add_stat(struct buf *out, const struct entry *entry, struct error *err)
{
    return buf_add_u16(out, FIELD_STAT, err) && buf_add_u32(out, 24, err) &&
           buf_add_u32(out, entry->mode, err) && buf_add_u32(out, entry->uid, err) &&
           buf_add_u32(out, entry->gid, err) &&
           buf_add_u64(out, (uint64_t)entry->mtime, err) &&
           buf_add_u32(out, entry->mtime_ns, err);
}

static bool add_data(struct buf *out, const struct entry *entry, struct error *err)
{
    return buf_add_u16(out, FIELD_DATA, err) && buf_add_u32(out, 16, err) &&
           buf_add_u64(out, entry->size, err) && buf_add_u64(out, entry->offset, err);
}

static bool add_reference(struct buf *out, const struct entry *entry, struct error *err)
{
    return buf_add_u16(out, FIELD_REFERENCE, err) && buf_add_u32(out, 4, err) &&
           buf_add_u32(out, entry->reference, err);
}

static bool add_identity(struct buf *out, const struct entry *entry, struct error *err)
{
    const struct entry_identity *identity = &entry->identity;

    return buf_add_u16(out, FIELD_IDENTITY, err) && buf_add_u32(out, 28, err) &&
           buf_add_u64(out, identity->device, err) &&
           buf_add_u64(out, identity->inode, err) &&
           buf_add_u64(out, (uint64_t)identity->ctime, err) &&
           buf_add_u32(out, identity->ctime_ns, err);
}

bool record_encode(struct buf *out, const struct entry *entry, struct error *err)
{
    buf_reset(out);
    if (!buf_add_u32(out, 0, err) || !buf_add_u16(out, entry->kind, err) ||
        !add_field(out, FIELD_PATH, entry->path, err))
        return false;
    if (entry->kind != ENTRY_LINK && !add_stat(out, entry, err))
        return false;
    if (entry->kind == ENTRY_FILE && !add_data(out, entry, err))
        return false;
    if (!add_optional(out, FIELD_TARGET, entry->target, err))
        return false;
    if (entry->sparse && !add_field(out, FIELD_EXTENTS, entry->extents, err))
        return false;
    if (!add_optional(out, FIELD_USER, entry->user, err) ||
        !add_optional(out, FIELD_GROUP, entry->group, err) ||
        !add_optional(out, FIELD_XATTRS, entry->xattrs, err))
        return false;
    if (entry->reference != 0 && !add_reference(out, entry, err))
        return false;
    if (entry->has_identity && !add_identity(out, entry, err))
        return false;
    record_put_u32(out->at, (uint32_t)(out->n - 4));
    return true;
}
