/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/armor.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 64
#define LINE_MAX_BYTES 64

static bool is_blank(unsigned char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool decode_body(struct buf *out, struct span body, struct error *err)
{
    scoped(buf_clear) struct buf dense = buf_upto(body.n);

    for (size_t i = 0; i < body.n; i++)
        if (!is_blank(body.at[i]) && !buf_add_byte(&dense, body.at[i], err))
            return false;
    return text_base64_decode(out, buf_span(&dense), err);
}

/* What stands between the two lines of `label`. */
static bool find_body(struct span *body, size_t *where, struct span text, const char *label)
{
    char begin[LINE_MAX_BYTES], end[LINE_MAX_BYTES];
    size_t stop = 0;

    snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
    snprintf(end, sizeof(end), "-----END %s-----", label);
    if (!span_find(text, begin, where))
        return false;
    *body = span_after(text, *where + strlen(begin));
    if (!span_find(*body, end, &stop))
        return false;
    *body = span_head(*body, stop);
    return true;
}

bool armor_read(struct buf *out, size_t *which, struct span text, const char *const *labels,
                size_t n, struct error *err)
{
    struct span first = {0};
    size_t at = text.n;

    for (size_t i = 0; i < n; i++) {
        struct span body = {0};
        size_t where = 0;

        if (!find_body(&body, &where, text, labels[i]) || where >= at)
            continue;
        at = where;
        first = body;
        *which = i;
    }
    return at < text.n && decode_body(out, first, err);
}

bool armor_write(struct buf *out, const char *label, struct span der, struct error *err)
{
    scoped(buf_clear) struct buf dense = buf_upto(2 * der.n + 8);

    if (!text_base64_encode(&dense, der, err) ||
        !buf_print(out, err, "-----BEGIN %s-----\n", label))
        return false;
    for (struct span rest = buf_span(&dense); rest.n > 0;
         rest = span_after(rest, COLUMNS)) {
        if (!buf_add(out, span_head(rest, COLUMNS), err) || !buf_add_byte(out, '\n', err))
            return false;
    }
    return buf_print(out, err, "-----END %s-----\n", label);
}
