/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A struct as a JSON object by a table of its fields, both ways. Reading is strict: one
 * object, nothing twice, every field there, of its type and within its bounds; fields that
 * the table does not know are passed over.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

enum field_type {
    AS_TEXT,   /* char[room] */
    AS_NAME,   /* char[room] of any bytes: text, or {"b64":…} when it is no UTF-8 */
    AS_COUNT,  /* uint64_t below 2^63 */
    AS_NUMBER, /* unsigned, from 1 */
    AS_TIME,   /* int64_t seconds since 1970, as RFC 3339 */
    AS_FLAG,   /* bool */
    AS_DIGEST, /* struct digest, hexadecimal */
    AS_KIND,   /* enum digest_kind, its name */
    AS_BYTES,  /* struct buf with a ceiling, base64 */
    AS_OBJECT, /* a struct with a table of its own */
    AS_MAYBE   /* the same, whose first member is a bool: whether it is there at all */
};

struct field_row {
    const char *name;
    enum field_type type;
    size_t offset;
    size_t room;                   /* of text */
    const struct field_row *table; /* of an object; ends with a NULL name */
};
#define FIELD(name, type, of, member)                                                      \
    {                                                                                      \
        name, type, offsetof(struct of, member), sizeof(((struct of *)0)->member), NULL    \
    }
#define FIELD_END                                                                          \
    {                                                                                      \
        NULL, AS_TEXT, 0, 0, NULL                                                          \
    }

/* {"format":…} stands before the fields unless `format` is NULL. */
must_check bool table_write(struct buf *out, const struct field_row *table,
                            const char *format, const void *from, struct error *err);
/* Failures are of message `bad`. With a `format` the object must name it. */
must_check bool table_read(void *out, const struct field_row *table, const char *format,
                           struct span text, enum msg bad, struct error *err);
