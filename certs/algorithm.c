/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/algorithm.h"

#include "base/text.h"
#include "certs/der.h"

#include <stdio.h>

#define RSA_BITS_MAX 4096 /* what the crypto library is built for */

enum parameters { NULL_OR_NONE, NONE, PSS };

static const struct {
    const char *oid;
    const char *name;
    struct scheme scheme;
    enum parameters parameters;
} schemes[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02",
     "MD2 with RSA",
     {SIGNATURE_MD2, KEY_RSA, HASH_MD2, 0, false},
     NULL_OR_NONE},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04",
     "MD5 with RSA",
     {SIGNATURE_MD5, KEY_RSA, HASH_MD5, 0, false},
     NULL_OR_NONE},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05",
     "SHA-1 with RSA",
     {SIGNATURE_SHA1, KEY_RSA, HASH_SHA1, 0, false},
     NULL_OR_NONE},
    {"\x2b\x0e\x03\x02\x1d",
     "SHA-1 with RSA",
     {SIGNATURE_SHA1, KEY_RSA, HASH_SHA1, 0, false},
     NULL_OR_NONE},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e",
     "SHA-224 with RSA",
     {SIGNATURE_RSA_SHA2, KEY_RSA, HASH_SHA224, 0, false},
     NULL_OR_NONE},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b",
     "SHA-256 with RSA",
     {SIGNATURE_RSA_SHA2, KEY_RSA, HASH_SHA256, 0, false},
     NULL_OR_NONE},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c",
     "SHA-384 with RSA",
     {SIGNATURE_RSA_SHA2, KEY_RSA, HASH_SHA384, 0, false},
     NULL_OR_NONE},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d",
     "SHA-512 with RSA",
     {SIGNATURE_RSA_SHA2, KEY_RSA, HASH_SHA512, 0, false},
     NULL_OR_NONE},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
     "RSA-PSS",
     {SIGNATURE_RSA_PSS, KEY_RSA, HASH_SHA1, 20, true},
     PSS},
    {"\x2a\x86\x48\xce\x3d\x04\x01",
     "ECDSA with SHA-1",
     {SIGNATURE_SHA1, KEY_EC_P256, HASH_SHA1, 0, false},
     NONE},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x01",
     "ECDSA with SHA-224",
     {SIGNATURE_ECDSA_SHA2, KEY_EC_P256, HASH_SHA224, 0, false},
     NONE},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02",
     "ECDSA with SHA-256",
     {SIGNATURE_ECDSA_SHA2, KEY_EC_P256, HASH_SHA256, 0, false},
     NONE},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03",
     "ECDSA with SHA-384",
     {SIGNATURE_ECDSA_SHA2, KEY_EC_P256, HASH_SHA384, 0, false},
     NONE},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04",
     "ECDSA with SHA-512",
     {SIGNATURE_ECDSA_SHA2, KEY_EC_P256, HASH_SHA512, 0, false},
     NONE},
    {"\x2b\x65\x70",
     "Ed25519",
     {SIGNATURE_ED25519, KEY_ED25519, HASH_NONE, 0, false},
     NONE},
};

/* The OID and what follows it. */
static bool open_identifier(struct span *oid, struct span *parameters, struct span in)
{
    return der_only(parameters, in, TAG_SEQUENCE) && der_expect(oid, parameters, TAG_OID) &&
           der_is_oid(*oid);
}

static bool is_null_or_none(struct span parameters)
{
    struct span nothing = {0};

    return parameters.n == 0 ||
           (der_only(&nothing, parameters, TAG_NULL) && nothing.n == 0);
}

/* One of the hashes as the parameters of RSA-PSS name it. */
static enum hash hash_named(struct span identifier)
{
    static const struct {
        const char *oid;
        enum hash hash;
    } hashes[] = {
        {"\x2b\x0e\x03\x02\x1a", HASH_SHA1},
        {"\x60\x86\x48\x01\x65\x03\x04\x02\x04", HASH_SHA224},
        {"\x60\x86\x48\x01\x65\x03\x04\x02\x01", HASH_SHA256},
        {"\x60\x86\x48\x01\x65\x03\x04\x02\x02", HASH_SHA384},
        {"\x60\x86\x48\x01\x65\x03\x04\x02\x03", HASH_SHA512},
    };
    struct span oid = {0}, parameters = {0};

    if (!open_identifier(&oid, &parameters, identifier) || !is_null_or_none(parameters))
        return HASH_NONE;
    for (size_t i = 0; i < COUNT(hashes); i++)
        if (span_equal(oid, span_text(hashes[i].oid)))
            return hashes[i].hash;
    return HASH_NONE;
}

/* MGF1 with this hash, the only mask generation in use. */
static bool mask_uses(enum hash hash, struct span identifier)
{
    struct span oid = {0}, parameters = {0};

    return open_identifier(&oid, &parameters, identifier) &&
           span_equal(oid, span_text("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08")) &&
           hash_named(parameters) == hash;
}

/* RSASSA-PSS-params (RFC 4055 section 3.1): every field has a default, SHA-1 and 20. */
static bool read_pss(struct scheme *out, struct span parameters)
{
    struct span all = {0}, field = {0}, number = {0};
    unsigned trailer = 1;
    bool mask_is_default = true;

    if (!der_only(&all, parameters, TAG_SEQUENCE))
        return false;
    if (der_next_is(all, TAG_CONTEXT_OVER(0))) {
        if (!der_expect(&field, &all, TAG_CONTEXT_OVER(0)))
            return false;
        out->hash = hash_named(field);
    }
    if (der_next_is(all, TAG_CONTEXT_OVER(1))) {
        mask_is_default = false;
        if (!der_expect(&field, &all, TAG_CONTEXT_OVER(1)) || !mask_uses(out->hash, field))
            return false;
    }
    if (der_next_is(all, TAG_CONTEXT_OVER(2)) &&
        !(der_expect(&field, &all, TAG_CONTEXT_OVER(2)) &&
          der_only(&number, field, TAG_INTEGER) && der_small(&out->salt, number)))
        return false;
    if (der_next_is(all, TAG_CONTEXT_OVER(3)) &&
        !(der_expect(&field, &all, TAG_CONTEXT_OVER(3)) &&
          der_only(&number, field, TAG_INTEGER) && der_small(&trailer, number)))
        return false;
    if (all.n > 0 || trailer != 1 || out->hash == HASH_NONE || out->salt > RSA_BITS_MAX / 8)
        return false;
    if (out->hash == HASH_SHA1)
        out->kind = SIGNATURE_SHA1;
    return !mask_is_default || out->hash == HASH_SHA1;
}

static bool parameters_fit(struct scheme *out, enum parameters form, struct span parameters)
{
    switch (form) {
    case NULL_OR_NONE:
        return is_null_or_none(parameters);
    case NONE:
        return parameters.n == 0;
    case PSS:
        return read_pss(out, parameters);
    }
    return false;
}

bool scheme_read(struct scheme *out, struct span algorithm)
{
    struct span oid = {0}, parameters = {0};

    *out = (struct scheme){.kind = SIGNATURE_UNKNOWN};
    if (!open_identifier(&oid, &parameters, algorithm))
        return false;
    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (!span_equal(oid, span_text(schemes[i].oid)))
            continue;
        *out = schemes[i].scheme;
        if (!parameters_fit(out, schemes[i].parameters, parameters))
            *out = (struct scheme){.kind = SIGNATURE_UNKNOWN};
        break;
    }
    return true;
}

void scheme_text(char out[CERT_TEXT_MAX], struct span algorithm)
{
    struct span oid = {0}, parameters = {0};
    struct scheme scheme = {0};
    char dotted[DER_OID_TEXT_MAX];

    (void)text_copy(out, CERT_TEXT_MAX, "unreadable");
    if (!open_identifier(&oid, &parameters, algorithm) || !scheme_read(&scheme, algorithm))
        return;
    der_oid_text(dotted, oid);
    (void)text_copy(out, CERT_TEXT_MAX, dotted);
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (span_equal(oid, span_text(schemes[i].oid)))
            snprintf(out, CERT_TEXT_MAX, "%s%s", schemes[i].name,
                     scheme.kind == SIGNATURE_UNKNOWN ? " with unusual parameters"
                     : scheme.kind == SIGNATURE_SHA1 && scheme.pss ? " with SHA-1"
                                                                   : "");
}

static unsigned bit_length(struct span number)
{
    unsigned bits = (unsigned)number.n * 8;

    for (unsigned mask = 0x80; mask != 0 && (number.at[0] & mask) == 0; mask >>= 1)
        bits--;
    return bits;
}

/* RSAPublicKey; an even exponent or one below 3 is no key at all. */
static void read_rsa(struct public_key *out, struct span parameters)
{
    struct span key = {0}, field = {0}, modulus = {0}, exponent = {0};

    (void)text_fits(out->name, "RSA, malformed");
    if (parameters.n == 0 || !is_null_or_none(parameters) ||
        !der_only(&key, out->bytes, TAG_SEQUENCE))
        return;
    if (!der_expect(&field, &key, TAG_INTEGER) || !der_positive(&modulus, field) ||
        !der_only(&field, key, TAG_INTEGER) || !der_positive(&exponent, field))
        return;
    if (exponent.at[exponent.n - 1] % 2 == 0 || (exponent.n == 1 && exponent.at[0] == 1) ||
        exponent.n > 8)
        return;
    out->bits = bit_length(modulus);
    snprintf(out->name, sizeof(out->name), "RSA-%u", out->bits);
    if (out->bits <= RSA_BITS_MAX)
        out->kind = KEY_RSA;
}

/* A named curve and a point that is not compressed (RFC 5480 section 2). */
static void read_ec(struct public_key *out, struct span parameters)
{
    static const struct {
        const char *oid; /* with its length: those of SECG hold a zero byte */
        size_t n;
        const char *name;
        enum key_kind kind;
        unsigned bits;
    } curves[] = {
        {"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8, "EC P-256", KEY_EC_P256, 256},
        {"\x2b\x81\x04\x00\x22", 5, "EC P-384", KEY_EC_P384, 384},
        {"\x2b\x81\x04\x00\x23", 5, "EC P-521", KEY_EC_P521, 521},
    };
    struct span oid = {0};
    char dotted[DER_OID_TEXT_MAX];

    (void)text_fits(out->name, "EC, no named curve");
    if (!der_only(&oid, parameters, TAG_OID))
        return;
    der_oid_text(dotted, oid);
    snprintf(out->name, sizeof(out->name), "EC %.40s", dotted);
    for (size_t i = 0; i < COUNT(curves); i++) {
        if (!span_equal(oid, span_of(curves[i].oid, curves[i].n)))
            continue;
        (void)text_fits(out->name, curves[i].name);
        out->bits = curves[i].bits;
        if (out->bytes.n == 1 + 2 * ((curves[i].bits + 7) / 8) && out->bytes.at[0] == 0x04)
            out->kind = curves[i].kind;
    }
}

bool public_key_read(struct public_key *out, struct span spki)
{
    struct span fields = {0}, identifier = {0}, oid = {0}, parameters = {0}, bits = {0};
    char dotted[DER_OID_TEXT_MAX];
    struct der algorithm = {0};

    *out = (struct public_key){.kind = KEY_UNKNOWN};
    if (!der_only(&fields, spki, TAG_SEQUENCE) || !der_take(&algorithm, &fields))
        return false;
    identifier = algorithm.whole;
    if (!open_identifier(&oid, &parameters, identifier) ||
        !der_only(&bits, fields, TAG_BIT_STRING) || !der_bytes(&out->bytes, bits))
        return false;
    der_oid_text(dotted, oid);
    snprintf(out->name, sizeof(out->name), "%.40s", dotted);
    if (span_equal(oid, span_text("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"))) {
        read_rsa(out, parameters);
    } else if (span_equal(oid, span_text("\x2a\x86\x48\xce\x3d\x02\x01"))) {
        read_ec(out, parameters);
    } else if (span_equal(oid, span_text("\x2b\x65\x70"))) {
        (void)text_fits(out->name, "Ed25519");
        out->bits = 256;
        if (parameters.n == 0 && out->bytes.n == 32)
            out->kind = KEY_ED25519;
    }
    return true;
}
