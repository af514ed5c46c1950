/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DER (X.690) written front to back: a constructed value is begun, filled and ended, and
 * its length is put in then. The first failure sticks, so that only encode_finish is
 * checked.
 */
#pragma once

#include "base/buf.h"

#include <time.h>

#define ENCODE_DEPTH 24

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BITS = 0x03,
    DER_OCTETS = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8 = 0x0c,
    DER_PRINTABLE = 0x13,
    DER_IA5 = 0x16,
    DER_UTC = 0x17,
    DER_GENERALIZED = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31
};
#define DER_CONTEXT(n) (0x80U | (n))
#define DER_CONTEXT_OF(n) (0xa0U | (n)) /* constructed */

struct encoder {
    struct buf buf;
    size_t start[ENCODE_DEPTH]; /* where the contents of each open value begin */
    size_t depth;
    struct error err;
};

struct encoder encoder_upto(size_t max);
void encode_begin(struct encoder *encoder, unsigned tag);
void encode_end(struct encoder *encoder);
/* A primitive value with these contents. */
void encode_value(struct encoder *encoder, unsigned tag, struct span contents);
/* "1.2.840.113549.1.1.1". */
void encode_oid(struct encoder *encoder, const char *dotted);
/* A non-negative INTEGER from big-endian bytes, minimal. */
void encode_unsigned(struct encoder *encoder, struct span big_endian);
void encode_small(struct encoder *encoder, unsigned value);
void encode_true(struct encoder *encoder);
/* A BIT STRING of whole bytes. */
void encode_bits(struct encoder *encoder, struct span bytes);
/* A BIT STRING of named bits, bit 0 being 1 << 0 of `flags`; trailing zeros dropped. */
void encode_flags(struct encoder *encoder, unsigned flags);
/* UTCTime before 2050, GeneralizedTime from then on: RFC 5280 4.1.2.5. */
void encode_time(struct encoder *encoder, time_t at);
/* Bytes that are DER already. */
void encode_raw(struct encoder *encoder, struct span der);
/* Append all of it to out, everything begun having been ended. */
must_check bool encode_finish(struct buf *out, const struct encoder *encoder,
                              struct error *err);
void encoder_clear(struct encoder *encoder);
