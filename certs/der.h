/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A walker over strict DER (X.690 section 10): definite lengths in their shortest form, one
 * byte of tag, nothing beyond the bytes given. It borrows and never allocates; false means
 * malformed, and the caller knows what was being read.
 */
#pragma once

#include "base/scope.h"
#include "base/span.h"

#define DER_OID_TEXT_MAX 80

enum tag {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_OCTET_STRING = 0x04,
    TAG_NULL = 0x05,
    TAG_OID = 0x06,
    TAG_UTF8 = 0x0C,
    TAG_NUMERIC = 0x12,
    TAG_PRINTABLE = 0x13,
    TAG_T61 = 0x14,
    TAG_IA5 = 0x16,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_VISIBLE = 0x1A,
    TAG_UNIVERSAL = 0x1C,
    TAG_BMP = 0x1E,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31
};
/* Context-specific tags: [n] over a primitive, [n] over a constructed value. */
#define TAG_CONTEXT(n) (0x80U | (n))
#define TAG_CONTEXT_OVER(n) (0xA0U | (n))

/* One element: `whole` with its header, `contents` without. */
struct der {
    unsigned tag;
    struct span contents;
    struct span whole;
};

/* Take the first element off *in. */
must_check bool der_take(struct der *out, struct span *in);
/* The same, and it must have this tag; gives the contents. */
must_check bool der_expect(struct span *contents, struct span *in, unsigned tag);
/* *in is exactly one element of this tag. */
must_check bool der_only(struct span *contents, struct span in, unsigned tag);
/* The first element has this tag. */
bool der_next_is(struct span in, unsigned tag);

/* The contents of an INTEGER in its shortest form. */
bool der_is_integer(struct span contents);
/* A non-negative INTEGER; what does not fit becomes UINT_MAX. */
must_check bool der_small(unsigned *out, struct span contents);
/* A positive INTEGER without its leading zero byte. */
must_check bool der_positive(struct span *out, struct span contents);
/* FF is true, and 00 is read as false though DER leaves a default out: many CAs write it.
 */
must_check bool der_boolean(bool *out, struct span contents);
/* BIT STRING contents: its bytes, and how many low bits of the last byte do not count. */
must_check bool der_bits(struct span *bytes, unsigned *unused, struct span contents);
/* The same for a string of whole bytes. */
must_check bool der_bytes(struct span *bytes, struct span contents);
bool der_is_oid(struct span contents);
/* "2.5.29.19"; "malformed OID" when it is none. */
void der_oid_text(char out[DER_OID_TEXT_MAX], struct span contents);
