/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of the manifest's form on disk and wire (docs/protocol.md 5). */
#pragma once

#include "transfer/manifest.h"

#define PAGE_MAGIC "PGMP"
#define PAGE_VERSION 1
#define PAGE_HEAD_BYTES                                                                    \
    32 /* magic, version, number, records, entries and stream before                       \
        */
#define SUM_MAGIC "PGMS"
#define RECORD_BYTES_MIN 18 /* length, kind, an empty path, and a target of one byte */
#define RECORDS_MAX (PAGE_BYTES_MAX / RECORD_BYTES_MIN + 1)
#define FIELD_HEAD_BYTES 6    /* u16 tag, u32 length */
#define FIELD_OPTIONAL 0x8000 /* a reader that does not know such a field skips it */
#define FIELD_NAME_MAX 255    /* of a user or group */

enum field {
    FIELD_PATH = 1,
    FIELD_STAT = 2, /* u32 mode, uid, gid; i64 seconds, u32 nanoseconds of mtime */
    FIELD_DATA = 3, /* u64 size, u64 offset in the stream */
    FIELD_TARGET = 4,
    FIELD_EXTENTS = 5,
    FIELD_USER = 6,
    FIELD_GROUP = 7,
    FIELD_XATTRS = 8,
    FIELD_REFERENCE = 9, /* u32 generation before this one, whose contents hold */
    FIELD_IDENTITY = FIELD_OPTIONAL | 1 /* u64 device, inode; i64, u32 ctime */
};
#define FIELD_SEEN_MAX 32
#define SEEN(field) (1U << (field))
#define SEEN_OWNERS (SEEN(FIELD_USER) | SEEN(FIELD_GROUP) | SEEN(FIELD_XATTRS))

/* The record of an entry, its length in front. */
must_check bool record_encode(struct buf *out, const struct entry *entry,
                              struct error *err);
void record_put_u32(unsigned char *at, uint32_t value);
