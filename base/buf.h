/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owned bytes with a ceiling. Passing the ceiling is an ordinary failure (E_TOO_LARGE),
 * never an allocation. Clearing wipes, and so does growing, so a buf may hold a key.
 */
#pragma once

#include "base/error.h"
#include "base/scope.h"
#include "base/span.h"

struct buf {
    unsigned char *at; /* n bytes in use of `room`; NULL while empty */
    size_t n;
    size_t room;
    size_t max; /* the ceiling it was born with */
};

/* An empty buf that will never hold more than `max` bytes. */
struct buf buf_upto(size_t max);
struct span buf_span(const struct buf *buf);

must_check bool buf_add(struct buf *buf, struct span more, struct error *err);
must_check bool buf_add_text(struct buf *buf, const char *text, struct error *err);
must_check bool buf_add_byte(struct buf *buf, unsigned byte, struct error *err);
must_check bool buf_print(struct buf *buf, struct error *err, const char *fmt, ...)
    printf_like(3, 4);
/* Big-endian numbers of the wire and disk formats. */
must_check bool buf_add_u16(struct buf *buf, unsigned value, struct error *err);
must_check bool buf_add_u32(struct buf *buf, unsigned long value, struct error *err);
must_check bool buf_add_u64(struct buf *buf, unsigned long long value, struct error *err);
/* Room for n more bytes, which the caller then writes at buf->at + buf->n and counts. */
must_check bool buf_reserve(struct buf *buf, size_t n, struct error *err);
/* A NUL behind the last byte that does not count, so that ->at reads as a string. */
must_check bool buf_terminate(struct buf *buf, struct error *err);

/* Forget the contents (wiped) but keep the room. */
void buf_reset(struct buf *buf);
void buf_clear(struct buf *buf);
