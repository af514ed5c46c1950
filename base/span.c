/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/span.h"

#include <string.h>

struct span span_text(const char *text)
{
    return span_of(text, strlen(text));
}

struct span span_of(const void *at, size_t n)
{
    return (struct span){.at = at, .n = n};
}

struct span span_after(struct span span, size_t from)
{
    if (from > span.n)
        from = span.n;
    return span_of(span.n > 0 ? span.at + from : span.at, span.n - from);
}

struct span span_head(struct span span, size_t n)
{
    return span_of(span.at, n < span.n ? n : span.n);
}

bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

bool span_starts(struct span span, const char *text)
{
    return span_equal(span_head(span, strlen(text)), span_text(text));
}

bool span_find(struct span span, const char *text, size_t *where)
{
    const unsigned char *hit = NULL;

    if (span.n > 0)
        hit = memmem(span.at, span.n, text, strlen(text));
    if (hit != NULL && where != NULL)
        *where = (size_t)(hit - span.at);
    return hit != NULL;
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool span_is_blank(struct span span)
{
    for (size_t i = 0; i < span.n; i++)
        if (!is_blank(span.at[i]))
            return false;
    return true;
}
