/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct buf buf_upto(size_t max)
{
    return (struct buf){.max = max};
}

struct span buf_span(const struct buf *buf)
{
    return span_of(buf->at, buf->n);
}

/* Never realloc: the old bytes may be a key, so they are wiped where they stood. */
static void buf_move(struct buf *buf, size_t room)
{
    unsigned char *at = mem_zeroed(room, 1);

    if (buf->at != NULL) {
        memcpy(at, buf->at, buf->n);
        mem_wipe(buf->at, buf->room);
        mem_free(buf->at);
    }
    buf->at = at;
    buf->room = room;
}

bool buf_reserve(struct buf *buf, size_t n, struct error *err)
{
    size_t room = buf->room > 0 ? buf->room : 64;

    if (n > buf->max || buf->n > buf->max - n)
        return fail(err, E_TOO_LARGE, "more than %zu bytes", buf->max);
    if (buf->at != NULL && buf->room - buf->n > n) /* one spare for buf_terminate */
        return true;
    while (room <= buf->n + n)
        room = room < buf->max ? room * 2 : buf->n + n + 1;
    buf_move(buf, room);
    return true;
}

bool buf_add(struct buf *buf, struct span more, struct error *err)
{
    if (!buf_reserve(buf, more.n, err))
        return false;
    if (more.n > 0)
        memcpy(buf->at + buf->n, more.at, more.n);
    buf->n += more.n;
    return true;
}

bool buf_add_text(struct buf *buf, const char *text, struct error *err)
{
    return buf_add(buf, span_text(text), err);
}

bool buf_add_byte(struct buf *buf, unsigned byte, struct error *err)
{
    const unsigned char one = (unsigned char)byte;

    return buf_add(buf, span_of(&one, 1), err);
}

static bool buf_add_number(struct buf *buf, unsigned long long value, size_t bytes,
                           struct error *err)
{
    unsigned char raw[8];

    for (size_t i = 0; i < bytes; i++)
        raw[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    return buf_add(buf, span_of(raw, bytes), err);
}

bool buf_add_u16(struct buf *buf, unsigned value, struct error *err)
{
    return buf_add_number(buf, value, 2, err);
}

bool buf_add_u32(struct buf *buf, unsigned long value, struct error *err)
{
    return buf_add_number(buf, value, 4, err);
}

bool buf_add_u64(struct buf *buf, unsigned long long value, struct error *err)
{
    return buf_add_number(buf, value, 8, err);
}

bool buf_print(struct buf *buf, struct error *err, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        return fail(err, E_TOO_LARGE, "text that cannot be formatted");
    if (!buf_reserve(buf, (size_t)n, err))
        return false;
    va_start(args, fmt);
    vsnprintf((char *)buf->at + buf->n, (size_t)n + 1, fmt, args);
    va_end(args);
    buf->n += (size_t)n;
    return true;
}

bool buf_terminate(struct buf *buf, struct error *err)
{
    if (!buf_reserve(buf, 0, err))
        return false;
    buf->at[buf->n] = '\0';
    return true;
}

void buf_reset(struct buf *buf)
{
    if (buf->at != NULL)
        mem_wipe(buf->at, buf->room);
    buf->n = 0;
}

void buf_clear(struct buf *buf)
{
    buf_reset(buf);
    mem_free(buf->at);
    *buf = (struct buf){.max = buf->max};
}
