/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/points.h"

#include "certs/der.h"

/* Bytes of one character; 0 for UTF-8, whose characters say it themselves. */
static size_t width_of(unsigned tag)
{
    switch (tag) {
    case TAG_UTF8:
        return 0;
    case TAG_BMP:
        return 2;
    case TAG_UNIVERSAL:
        return 4;
    default:
        return 1;
    }
}

bool points_known(unsigned tag)
{
    static const unsigned known[] = {TAG_UTF8, TAG_NUMERIC, TAG_PRINTABLE, TAG_T61,
                                     TAG_IA5,  TAG_VISIBLE, TAG_UNIVERSAL, TAG_BMP};

    for (size_t i = 0; i < COUNT(known); i++)
        if (tag == known[i])
            return true;
    return false;
}

/* RFC 3629; a byte that begins no character stands for itself beyond all of them. */
static unsigned take_utf8(struct span *in)
{
    static const struct {
        unsigned char mask, lead;
        unsigned first;
    } form[] = {
        {0x80, 0, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    unsigned char lead = in->at[0];

    for (size_t n = 0; n < COUNT(form); n++) {
        unsigned code = lead & (unsigned char)~form[n].mask;
        size_t i = 1;

        if ((lead & form[n].mask) != form[n].lead || in->n <= n)
            continue;
        while (i <= n && (in->at[i] & 0xC0) == 0x80)
            code = code << 6 | (in->at[i++] & 0x3FU);
        if (i <= n || code < form[n].first || code > 0x10FFFF)
            break;
        *in = span_after(*in, n + 1);
        return code;
    }
    *in = span_after(*in, 1);
    return POINT_INVALID + lead;
}

bool points_next(unsigned *out, struct points *points)
{
    size_t width = width_of(points->tag);
    unsigned code = 0;

    if (points->rest.n == 0)
        return false;
    if (width == 0) {
        *out = take_utf8(&points->rest);
        return true;
    }
    if (points->rest.n < width) {
        *out = POINT_INVALID + points->rest.at[0];
        points->rest = span_after(points->rest, 1);
        return true;
    }
    for (size_t i = 0; i < width; i++)
        code = code << 8 | points->rest.at[i];
    *out = code <= 0x10FFFF ? code : POINT_INVALID + (code & 0xFF);
    points->rest = span_after(points->rest, width);
    return true;
}

struct folded points_folded(unsigned tag, struct span value)
{
    return (struct folded){.in = {tag, value}};
}

static bool is_white(unsigned code)
{
    return code == ' ' || (code >= '\t' && code <= '\r');
}

static unsigned fold(unsigned code)
{
    return code >= 'A' && code <= 'Z' ? code + 32 : code;
}

bool folded_next(unsigned *out, unsigned *raw, struct folded *folded)
{
    bool blank = false;

    if (folded->has_held) {
        folded->has_held = false;
        *raw = folded->held;
        *out = fold(*raw);
        return true;
    }
    while (points_next(raw, &folded->in)) {
        if (is_white(*raw)) {
            blank = true;
            continue;
        }
        if (blank && folded->started) {
            folded->has_held = true;
            folded->held = *raw;
            *raw = ' ';
        }
        folded->started = true;
        *out = fold(*raw);
        return true;
    }
    return false;
}
