/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct encoder encoder_upto(size_t max)
{
    return (struct encoder){.buf = buf_upto(max)};
}

static bool encoder_fails(struct encoder *encoder, const char *what)
{
    return fail(&encoder->err, E_DER_ENCODE, "%s", what);
}

void encode_raw(struct encoder *encoder, struct span der)
{
    const bool added =
        encoder->err.msg == E_NONE && buf_add(&encoder->buf, der, &encoder->err);

    (void)added; /* a failure is in encoder->err */
}

static void add_byte(struct encoder *encoder, unsigned byte)
{
    const unsigned char one = (unsigned char)byte;

    encode_raw(encoder, span_of(&one, 1));
}

/* The length octets of n into `out`; gives how many. */
static size_t length_octets(unsigned char out[5], size_t n)
{
    size_t octets = 1;

    if (n < 0x80) {
        out[0] = (unsigned char)n;
        return 1;
    }
    for (size_t rest = n; rest > 0; rest >>= 8)
        octets++;
    out[0] = (unsigned char)(0x80 | (octets - 1));
    for (size_t i = octets - 1; i > 0; i--, n >>= 8)
        out[i] = (unsigned char)(n & 0xff);
    return octets;
}

void encode_begin(struct encoder *encoder, unsigned tag)
{
    if (encoder->depth == ENCODE_DEPTH) {
        encoder_fails(encoder, "nested too deeply");
        return;
    }
    add_byte(encoder, tag);
    encoder->start[encoder->depth++] = encoder->buf.n;
}

void encode_end(struct encoder *encoder)
{
    unsigned char header[5] = {0};
    size_t start, n, octets;

    if (encoder->err.msg != E_NONE)
        return;
    if (encoder->depth == 0) {
        encoder_fails(encoder, "ended once too often");
        return;
    }
    start = encoder->start[--encoder->depth];
    n = encoder->buf.n - start;
    octets = length_octets(header, n);
    if (!buf_reserve(&encoder->buf, octets, &encoder->err))
        return;
    memmove(encoder->buf.at + start + octets, encoder->buf.at + start, n);
    memcpy(encoder->buf.at + start, header, octets);
    encoder->buf.n += octets;
}

void encode_value(struct encoder *encoder, unsigned tag, struct span contents)
{
    encode_begin(encoder, tag);
    encode_raw(encoder, contents);
    encode_end(encoder);
}

/* One sub-identifier, base 128, most significant first. */
static void add_arc(struct encoder *encoder, unsigned long arc)
{
    unsigned shift = 0;

    while (shift < 28 && (arc >> (shift + 7)) != 0)
        shift += 7;
    for (; shift > 0; shift -= 7)
        add_byte(encoder, 0x80 | (unsigned)((arc >> shift) & 0x7f));
    add_byte(encoder, (unsigned)(arc & 0x7f));
}

void encode_oid(struct encoder *encoder, const char *dotted)
{
    char *end = NULL;
    unsigned long first = strtoul(dotted, &end, 10);
    unsigned long second = *end == '.' ? strtoul(end + 1, &end, 10) : 0;

    encode_begin(encoder, TAG_OID);
    add_arc(encoder, first * 40 + second);
    while (*end == '.')
        add_arc(encoder, strtoul(end + 1, &end, 10));
    encode_end(encoder);
}

void encode_unsigned(struct encoder *encoder, struct span big_endian)
{
    while (big_endian.n > 1 && big_endian.at[0] == 0)
        big_endian = span_after(big_endian, 1);
    encode_begin(encoder, TAG_INTEGER);
    if (big_endian.n == 0 || (big_endian.at[0] & 0x80) != 0)
        add_byte(encoder, 0);
    encode_raw(encoder, big_endian);
    encode_end(encoder);
}

void encode_small(struct encoder *encoder, unsigned value)
{
    const unsigned char bytes[4] = {
        (unsigned char)(value >> 24), (unsigned char)((value >> 16) & 0xff),
        (unsigned char)((value >> 8) & 0xff), (unsigned char)(value & 0xff)};

    encode_unsigned(encoder, span_of(bytes, sizeof(bytes)));
}

void encode_true(struct encoder *encoder)
{
    encode_value(encoder, TAG_BOOLEAN, span_of("\xff", 1));
}

void encode_bits(struct encoder *encoder, struct span bytes)
{
    encode_begin(encoder, TAG_BIT_STRING);
    add_byte(encoder, 0);
    encode_raw(encoder, bytes);
    encode_end(encoder);
}

void encode_flags(struct encoder *encoder, unsigned flags)
{
    unsigned char byte[4] = {0};
    size_t n = 0;
    unsigned unused = 0;

    for (unsigned bit = 0; bit < 32; bit++) {
        if ((flags >> bit & 1) == 0)
            continue;
        byte[bit / 8] = (unsigned char)(byte[bit / 8] | 0x80 >> bit % 8);
        n = bit / 8 + 1;
        unused = 7 - bit % 8;
    }
    encode_begin(encoder, TAG_BIT_STRING);
    add_byte(encoder, unused);
    encode_raw(encoder, span_of(byte, n));
    encode_end(encoder);
}

void encode_time(struct encoder *encoder, time_t at)
{
    struct tm tm = {0};
    char text[64];
    int year, n;

    if (gmtime_r(&at, &tm) == NULL || tm.tm_year < 50 || tm.tm_year + 1900 > 9999) {
        encoder_fails(encoder, "a time before 1950 or after 9999");
        return;
    }
    year = tm.tm_year + 1900;
    n = snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02dZ", year, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (year < 2050)
        encode_value(encoder, TAG_UTC_TIME, span_of(text + 2, (size_t)n - 2));
    else
        encode_value(encoder, TAG_GENERALIZED_TIME, span_of(text, (size_t)n));
}

void encode_extension_begin(struct encoder *encoder, const char *oid, bool critical)
{
    encode_begin(encoder, TAG_SEQUENCE);
    encode_oid(encoder, oid);
    if (critical)
        encode_true(encoder);
    encode_begin(encoder, TAG_OCTET_STRING);
}

void encode_extension_end(struct encoder *encoder)
{
    encode_end(encoder);
    encode_end(encoder);
}

void encode_usages(struct encoder *encoder, unsigned ku, unsigned eku)
{
    static const struct {
        unsigned bit;
        const char *oid;
    } purposes[] = {
        {EKU_SERVER_AUTH, "1.3.6.1.5.5.7.3.1"},
        {EKU_CLIENT_AUTH, "1.3.6.1.5.5.7.3.2"},
        {EKU_IPSEC_END_SYSTEM, "1.3.6.1.5.5.7.3.5"},
    };

    if (ku != 0) {
        encode_extension_begin(encoder, "2.5.29.15", true);
        encode_flags(encoder, ku);
        encode_extension_end(encoder);
    }
    if (eku == 0)
        return;
    encode_extension_begin(encoder, "2.5.29.37", false);
    encode_begin(encoder, TAG_SEQUENCE);
    for (size_t i = 0; i < COUNT(purposes); i++)
        if ((eku & purposes[i].bit) != 0)
            encode_oid(encoder, purposes[i].oid);
    encode_end(encoder);
    encode_extension_end(encoder);
}

void encode_signed(struct encoder *encoder, struct span body, struct span algorithm,
                   struct span signature)
{
    encode_begin(encoder, TAG_SEQUENCE);
    encode_raw(encoder, body);
    encode_raw(encoder, algorithm);
    encode_bits(encoder, signature);
    encode_end(encoder);
}

bool encode_finish(struct buf *out, const struct encoder *encoder, struct error *err)
{
    if (encoder->err.msg != E_NONE) {
        fail(err, encoder->err.msg, "%s", encoder->err.about);
        return false;
    }
    if (encoder->depth != 0)
        return fail(err, E_DER_ENCODE, "something begun was not ended");
    return buf_add(out, buf_span(&encoder->buf), err);
}

void encoder_clear(struct encoder *encoder)
{
    buf_clear(&encoder->buf);
    *encoder = (struct encoder){0};
}
