/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/span.h"

#include <string.h>

struct span span_text(const char *text)
{
    return span_of(text, strlen(text));
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

bool span_take_line(struct span *from, struct span *line)
{
    size_t end = from->n;

    if (from->n == 0)
        return false;
    (void)span_find(*from, "\n", &end);
    *line = span_head(*from, end);
    *from = span_after(*from, end + 1);
    return true;
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
