/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/cert.h"

#include "base/text.h"
#include "certs/algorithm.h"
#include "certs/der.h"
#include "certs/extensions.h"
#include "certs/name.h"
#include "certs/pem.h"
#include "certs/time.h"

#define SERIAL_BYTES_MAX 20 /* RFC 5280 4.1.2.2 */

static bool malformed(struct error *err, const char *what)
{
    return fail(err, E_CERT_DER, "its %s is malformed", what);
}

/* The three parts of the outer SEQUENCE. */
static bool read_outer(struct cert *out, struct error *err)
{
    struct span fields = {0}, bits = {0};
    struct der tbs = {0}, algorithm = {0};

    if (!der_only(&fields, buf_span(&out->der), TAG_SEQUENCE))
        return fail(err, E_CERT_DER,
                    "it is no single DER sequence in its shortest encoding");
    if (!der_take(&tbs, &fields) || tbs.tag != TAG_SEQUENCE)
        return malformed(err, "body");
    if (!der_take(&algorithm, &fields) || algorithm.tag != TAG_SEQUENCE)
        return malformed(err, "signature algorithm");
    if (!der_only(&bits, fields, TAG_BIT_STRING) || !der_bytes(&out->signature, bits))
        return malformed(err, "signature");
    out->tbs = tbs.whole;
    out->signature_algorithm = algorithm.whole;
    return true;
}

/* Version 1 is the default, and DER leaves a default out. */
static bool read_version(struct cert *out, struct span *fields, struct error *err)
{
    struct span wrapped = {0}, number = {0};
    unsigned version = 0;

    out->version = 1;
    if (!der_next_is(*fields, TAG_CONTEXT_OVER(0)))
        return true;
    if (!der_expect(&wrapped, fields, TAG_CONTEXT_OVER(0)) ||
        !der_only(&number, wrapped, TAG_INTEGER) || !der_small(&version, number))
        return malformed(err, "version");
    if (version == 0 || version > 2)
        return fail(err, E_CERT_VERSION, "the version field holds %u", version);
    out->version = version + 1;
    return true;
}

static bool read_serial(struct cert *out, struct span *fields, struct error *err)
{
    if (!der_expect(&out->serial, fields, TAG_INTEGER) || !der_is_integer(out->serial))
        return malformed(err, "serial number");
    if (out->serial.at[0] >= 0x80)
        return fail(err, E_CERT_SERIAL, "it is negative");
    if (out->serial.n == 1 && out->serial.at[0] == 0)
        return fail(err, E_CERT_SERIAL, "it is zero");
    if (out->serial.n > SERIAL_BYTES_MAX)
        return fail(err, E_CERT_SERIAL, "it has %zu octets", out->serial.n);
    return true;
}

static bool read_name(struct span *out, struct span *fields, const char *what,
                      struct error *err)
{
    struct der name = {0};

    if (!der_take(&name, fields) || !name_is_well_formed(name.whole))
        return malformed(err, what);
    *out = name.whole;
    return true;
}

static bool is_time(unsigned tag)
{
    return tag == TAG_UTC_TIME || tag == TAG_GENERALIZED_TIME;
}

static bool read_validity(struct cert *out, struct span *fields, struct error *err)
{
    struct span both = {0};
    struct der from = {0}, until = {0};

    if (!der_expect(&both, fields, TAG_SEQUENCE) || !der_take(&from, &both) ||
        !der_take(&until, &both) || both.n > 0 || !is_time(from.tag) || !is_time(until.tag))
        return malformed(err, "validity");
    cert_time_read(&out->not_before, from.tag, from.contents);
    cert_time_read(&out->not_after, until.tag, until.contents);
    return true;
}

static bool read_key(struct cert *out, struct span *fields, struct error *err)
{
    struct public_key key = {0};
    struct der spki = {0};

    if (!der_take(&spki, fields) || !public_key_read(&key, spki.whole))
        return malformed(err, "public key");
    out->spki = spki.whole;
    out->key = key.kind;
    out->key_bits = key.bits;
    return text_fits(out->key_name, key.name) || malformed(err, "public key");
}

/* Unique identifiers, which nobody uses, and the extensions. */
static bool read_tail(struct cert *out, struct span fields, struct error *err)
{
    struct span skipped = {0}, wrapped = {0};

    for (unsigned i = 1; i <= 2; i++) {
        if (!der_next_is(fields, TAG_CONTEXT(i)))
            continue;
        if (out->version == 1)
            return fail(err, E_CERT_VERSION, "version 1 with a unique identifier");
        if (!der_expect(&skipped, &fields, TAG_CONTEXT(i)))
            return malformed(err, "unique identifier");
    }
    if (fields.n == 0)
        return true;
    if (!der_only(&wrapped, fields, TAG_CONTEXT_OVER(3)) ||
        !der_only(&out->extensions, wrapped, TAG_SEQUENCE) || out->extensions.n == 0)
        return malformed(err, "list of extensions");
    if (out->version != 3)
        return fail(err, E_CERT_VERSION, "version %u with extensions", out->version);
    return extensions_read(out, err);
}

static bool read_body(struct cert *out, struct error *err)
{
    struct span fields = {0};
    struct der algorithm = {0};
    struct scheme scheme = {0};

    if (!der_only(&fields, out->tbs, TAG_SEQUENCE))
        return malformed(err, "body");
    if (!read_version(out, &fields, err) || !read_serial(out, &fields, err))
        return false;
    if (!der_take(&algorithm, &fields) || !scheme_read(&scheme, algorithm.whole))
        return malformed(err, "signature algorithm");
    if (!span_equal(algorithm.whole, out->signature_algorithm))
        return fail(err, E_CERT_ALGORITHMS, "one inside and another outside");
    out->signed_with = scheme.kind;
    return read_name(&out->issuer, &fields, "issuer", err) &&
           read_validity(out, &fields, err) &&
           read_name(&out->subject, &fields, "subject", err) &&
           read_key(out, &fields, err) && read_tail(out, fields, err);
}

static void read_common_names(struct cert *out)
{
    struct name_walk walk = name_walk(out->subject);
    struct attribute attribute = {0};

    while (name_next(&attribute, &walk)) {
        if (!attribute_is_cn(&attribute) || attribute.value.n == 0)
            continue;
        if (out->cn_count++ == 0)
            attribute_text(out->cn, sizeof(out->cn), &attribute);
        out->cn_has_nul |= attribute_has(&attribute, 0);
        out->cn_has_wildcard |= attribute_has(&attribute, '*');
    }
    walk = name_walk(out->issuer);
    while (out->issuer_cn[0] == '\0' && name_next(&attribute, &walk))
        if (attribute_is_cn(&attribute))
            attribute_text(out->issuer_cn, sizeof(out->issuer_cn), &attribute);
}

bool cert_parse(struct cert *out, struct span der, struct error *err)
{
    if (der.n > CERT_DER_MAX)
        return fail(err, E_CERT_LARGE, "it has %zu bytes, more than %d", der.n,
                    CERT_DER_MAX);
    out->der = buf_upto(CERT_DER_MAX);
    if (!buf_add(&out->der, der, err) || !read_outer(out, err) || !read_body(out, err))
        return false;
    read_common_names(out);
    name_text(out->subject_text, sizeof(out->subject_text), out->subject);
    name_text(out->issuer_text, sizeof(out->issuer_text), out->issuer);
    digest_of(&out->sha256, DIGEST_SHA256, buf_span(&out->der));
    digest_of(&out->spki_sha256, DIGEST_SHA256, out->spki);
    return true;
}

void cert_clear(struct cert *cert)
{
    buf_clear(&cert->der);
    *cert = (struct cert){0};
}

const char *cert_issued_to(const struct cert *cert)
{
    return cert->cn[0] != '\0' ? cert->cn : cert->subject_text;
}

const char *cert_issued_by(const struct cert *cert)
{
    return cert->issuer_cn[0] != '\0' ? cert->issuer_cn : cert->issuer_text;
}

bool cert_is_self_issued(const struct cert *cert)
{
    return name_is_equal(cert->issuer, cert->subject);
}

bool cert_to_pem(struct buf *out, const struct cert *cert, struct error *err)
{
    return pem_add(out, "CERTIFICATE", buf_span(&cert->der), err);
}

const char *cert_key_name(const struct cert *cert)
{
    return cert->key_name;
}
