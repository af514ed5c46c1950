/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Borrowed bytes: never freed, valid as long as what they were taken from. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const unsigned char *at;
    size_t n;
};

/* The bytes of a string, without its NUL. */
struct span span_text(const char *text);

/* Inline, for a manifest is read with them, several times over. */

/* The n bytes at `at`. */
static inline struct span span_of(const void *at, size_t n)
{
    return (struct span){.at = at, .n = n};
}

/* From `from` (at most n) to the end. */
static inline struct span span_after(struct span span, size_t from)
{
    const size_t skipped = from < span.n ? from : span.n;

    return skipped == 0 ? span : span_of(span.at + skipped, span.n - skipped);
}

/* At most the first n bytes. */
static inline struct span span_head(struct span span, size_t n)
{
    return span_of(span.at, n < span.n ? n : span.n);
}

/* The first n bytes to *out and *from behind them; false when there are not as many. */
static inline bool span_take(struct span *from, size_t n, struct span *out)
{
    if (from->n < n)
        return false;
    *out = span_head(*from, n);
    *from = span_after(*from, n);
    return true;
}

/* Big-endian, of the last eight bytes when there are more. */
static inline uint64_t span_number(struct span span)
{
    const size_t n = span.n < sizeof(uint64_t) ? span.n : sizeof(uint64_t);
    uint64_t value = 0;

    if (n > 0)
        memcpy((unsigned char *)&value + sizeof(value) - n, span.at + span.n - n, n);
    return be64toh(value);
}

/* The same bytes. Not constant in time: digest_equal compares secrets. */
bool span_equal(struct span a, struct span b);
bool span_starts(struct span span, const char *text);
/* True when `text` occurs; its offset goes to *where unless that is NULL. */
bool span_find(struct span span, const char *text, size_t *where);
/* The first line, without its newline, to *line and *from behind it; false at the end. */
bool span_take_line(struct span *from, struct span *line);
bool span_is_blank(struct span span);
