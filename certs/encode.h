/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DER (X.690) written front to back: a constructed value is begun, filled and ended, and
 * its length is put in then. The first failure sticks, so that only encode_finish is
 * checked.
 */
#pragma once

#include "base/buf.h"
#include "certs/cert.h"
#include "certs/der.h"

#include <time.h>

#define ENCODE_DEPTH 24

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
/* An extension (RFC 5280 4.1): what comes between is the contents of its OCTET STRING. */
void encode_extension_begin(struct encoder *encoder, const char *oid, bool critical);
void encode_extension_end(struct encoder *encoder);
/* keyUsage, critical, and extKeyUsage from the bits of certs/cert.h; none for 0. */
void encode_usages(struct encoder *encoder, unsigned ku, unsigned eku);
/* SEQUENCE of `body`, the algorithm and the signature: a certificate or a request. */
void encode_signed(struct encoder *encoder, struct span body, struct span algorithm,
                   struct span signature);
/* Append all of it to out, everything begun having been ended. */
must_check bool encode_finish(struct buf *out, const struct encoder *encoder,
                              struct error *err);
void encoder_clear(struct encoder *encoder);
