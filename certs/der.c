/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/der.h"

#include "base/text.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

/* The length behind the tag; *header becomes the bytes of tag and length. */
static bool read_length(size_t *length, size_t *header, struct span in)
{
    size_t bytes, value = 0;

    if (in.n < 2)
        return false;
    *header = 2;
    *length = in.at[1];
    if (in.at[1] < 0x80)
        return true;
    bytes = in.at[1] & 0x7FU;
    if (bytes == 0 || bytes > 4 || in.n < 2 + bytes || in.at[2] == 0)
        return false;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | in.at[2 + i];
    *length = value;
    *header = 2 + bytes;
    return value >= 0x80;
}

bool der_take(struct der *out, struct span *in)
{
    size_t length = 0, header = 0;

    if (!read_length(&length, &header, *in) || (in->at[0] & 0x1F) == 0x1F)
        return false;
    if (length > in->n - header)
        return false;
    out->tag = in->at[0];
    out->whole = span_head(*in, header + length);
    out->contents = span_after(out->whole, header);
    *in = span_after(*in, header + length);
    return true;
}

bool der_expect(struct span *contents, struct span *in, unsigned tag)
{
    struct der der = {0};

    if (!der_next_is(*in, tag) || !der_take(&der, in))
        return false;
    *contents = der.contents;
    return true;
}

bool der_only(struct span *contents, struct span in, unsigned tag)
{
    return der_expect(contents, &in, tag) && in.n == 0;
}

bool der_next_is(struct span in, unsigned tag)
{
    return in.n > 0 && in.at[0] == tag;
}

bool der_is_integer(struct span contents)
{
    if (contents.n < 2)
        return contents.n == 1;
    return !(contents.at[0] == 0 && contents.at[1] < 0x80) &&
           !(contents.at[0] == 0xFF && contents.at[1] >= 0x80);
}

bool der_small(unsigned *out, struct span contents)
{
    unsigned value = 0;

    if (!der_is_integer(contents) || contents.at[0] >= 0x80)
        return false;
    for (size_t i = 0; i < contents.n; i++)
        value = value > UINT_MAX >> 8 ? UINT_MAX : value << 8 | contents.at[i];
    *out = value;
    return true;
}

bool der_positive(struct span *out, struct span contents)
{
    if (!der_is_integer(contents) || contents.at[0] >= 0x80)
        return false;
    *out = contents.at[0] == 0 ? span_after(contents, 1) : contents;
    return out->n > 0;
}

bool der_boolean(bool *out, struct span contents)
{
    if (contents.n != 1 || (contents.at[0] != 0 && contents.at[0] != 0xFF))
        return false;
    *out = contents.at[0] == 0xFF;
    return true;
}

bool der_bits(struct span *bytes, unsigned *unused, struct span contents)
{
    if (contents.n == 0 || contents.at[0] > 7)
        return false;
    *unused = contents.at[0];
    *bytes = span_after(contents, 1);
    if (bytes->n == 0)
        return *unused == 0;
    return (bytes->at[bytes->n - 1] & ((1U << *unused) - 1)) == 0;
}

bool der_bytes(struct span *bytes, struct span contents)
{
    unsigned unused = 0;

    return der_bits(bytes, &unused, contents) && unused == 0;
}

/* One base-128 number off the front, in its shortest form and at most 63 bits. */
static bool take_arc(uint64_t *out, struct span *in)
{
    *out = 0;
    for (size_t i = 0; i < in->n && i < 9; i++) {
        if (i == 0 && in->at[0] == 0x80)
            return false;
        *out = *out << 7 | (in->at[i] & 0x7FU);
        if (in->at[i] < 0x80) {
            *in = span_after(*in, i + 1);
            return true;
        }
    }
    return false;
}

/* Arcs beyond 63 bits are legal and appear in UUID-based OIDs, so only the ends are looked
 * at here. */
bool der_is_oid(struct span contents)
{
    bool starts = true;

    for (size_t i = 0; i < contents.n; i++) {
        if (starts && contents.at[i] == 0x80)
            return false;
        starts = contents.at[i] < 0x80;
    }
    return contents.n > 0 && starts;
}

void der_oid_text(char out[DER_OID_TEXT_MAX], struct span contents)
{
    uint64_t arc = 0;
    size_t n = 0;

    if (!der_is_oid(contents) || !take_arc(&arc, &contents)) {
        (void)text_copy(out, DER_OID_TEXT_MAX, "malformed OID");
        return;
    }
    n = (size_t)snprintf(out, DER_OID_TEXT_MAX, "%u.%llu",
                         arc < 80 ? (unsigned)(arc / 40) : 2U,
                         (unsigned long long)(arc < 80 ? arc % 40 : arc - 80));
    while (contents.n > 0 && n + 24 < DER_OID_TEXT_MAX && take_arc(&arc, &contents))
        n += (size_t)snprintf(out + n, DER_OID_TEXT_MAX - n, ".%llu",
                              (unsigned long long)arc);
    if (contents.n > 0)
        (void)text_copy(out + n, DER_OID_TEXT_MAX - n, "...");
}
