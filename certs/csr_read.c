/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/algorithm.h"
#include "certs/csr.h"
#include "certs/der.h"
#include "certs/extensions.h"
#include "certs/name.h"
#include "certs/pem.h"

/* 1.2.840.113549.1.9.14 */
static const unsigned char extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                  0x0d, 0x01, 0x09, 0x0e};

static bool malformed(struct error *err, const char *what)
{
    return fail(err, E_CSR_FORM, "its %s is malformed", what);
}

/*
 * A request is read into the facts of a certificate that it may become: what both have in
 * common is then read, and its own signature checked, by the same code.
 */
static bool read_outer(struct cert *as, struct span der, struct error *err)
{
    struct span parts = {0}, bits = {0};
    struct der body = {0}, algorithm = {0};

    if (!der_only(&parts, der, TAG_SEQUENCE) || !der_take(&body, &parts) ||
        body.tag != TAG_SEQUENCE || !der_take(&algorithm, &parts) ||
        algorithm.tag != TAG_SEQUENCE || !der_only(&bits, parts, TAG_BIT_STRING) ||
        !der_bytes(&as->signature, bits))
        return malformed(err, "DER");
    as->tbs = body.whole;
    as->signature_algorithm = algorithm.whole;
    return true;
}

/* The extensionRequest among the attributes; there may be none, and not two. */
static bool read_attributes(struct cert *as, struct span attributes, struct error *err)
{
    while (attributes.n > 0) {
        struct span attribute = {0}, oid = {0}, values = {0};

        if (!der_expect(&attribute, &attributes, TAG_SEQUENCE) ||
            !der_expect(&oid, &attribute, TAG_OID) ||
            !der_only(&values, attribute, TAG_SET))
            return malformed(err, "list of attributes");
        if (!span_equal(oid, span_of(extension_request, sizeof(extension_request))))
            continue;
        if (as->extensions.at != NULL || !der_only(&as->extensions, values, TAG_SEQUENCE))
            return malformed(err, "extension request");
    }
    return as->extensions.n == 0 || extensions_read(as, err);
}

static bool read_body(struct cert *as, struct error *err)
{
    struct span fields = {0}, number = {0}, attributes = {0};
    struct der name = {0}, spki = {0};
    struct public_key key = {0};
    struct scheme scheme = {0};
    unsigned version = 0;

    if (!der_only(&fields, as->tbs, TAG_SEQUENCE) ||
        !der_expect(&number, &fields, TAG_INTEGER) || !der_small(&version, number) ||
        version != 0)
        return malformed(err, "version");
    if (!der_take(&name, &fields) || !name_is_well_formed(name.whole))
        return malformed(err, "subject");
    if (!der_take(&spki, &fields) || !public_key_read(&key, spki.whole))
        return malformed(err, "public key");
    if (!scheme_read(&scheme, as->signature_algorithm))
        return malformed(err, "signature algorithm");
    as->subject = name.whole;
    as->spki = spki.whole;
    as->key = key.kind;
    as->key_bits = key.bits;
    as->signed_with = scheme.kind;
    if (fields.n == 0)
        return true; /* attributes left out: some tools do */
    if (!der_only(&attributes, fields, TAG_CONTEXT_OVER(0)))
        return malformed(err, "list of attributes");
    return read_attributes(as, attributes, err);
}

static void read_common_name(struct csr *out)
{
    struct name_walk walk = name_walk(out->subject);
    struct attribute attribute = {0};

    while (out->cn[0] == '\0' && name_next(&attribute, &walk))
        if (attribute_is_cn(&attribute))
            attribute_text(out->cn, sizeof(out->cn), &attribute);
}

static void take_facts(struct csr *out, const struct cert *as)
{
    out->subject = as->subject;
    out->spki = as->spki;
    out->san = as->san;
    out->key = as->key;
    out->ku = as->ku;
    out->eku = as->eku;
    out->ca = as->ca;
    out->asks_for_ca = as->ca || (as->ku & KU_KEY_CERT_SIGN) != 0;
    digest_of(&out->spki_sha256, DIGEST_SHA256, out->spki);
    read_common_name(out);
    name_text(out->subject_text, sizeof(out->subject_text), out->subject);
    csr_san_text(out->san_text, sizeof(out->san_text), out->san);
}

bool csr_parse(struct csr *out, struct span pem, struct error *err)
{
    static const char *const labels[] = {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"};
    struct cert as = {0}; /* borrows from out->der */
    struct error form = {0};
    size_t which = 0;

    out->der = buf_upto(CSR_PEM_MAX);
    if (!pem_find(&out->der, &which, pem, labels, COUNT(labels), &form))
        return fail(err, E_CSR_FORM, "%s",
                    form.msg == E_NONE ? "no PEM certificate request in it" : form.about);
    if (!read_outer(&as, buf_span(&out->der), &form) || !read_body(&as, &form))
        return fail(err, E_CSR_FORM, "%s", form.about);
    if (!cert_is_signed_by(&as, &as))
        return fail(err, E_CSR_SIGNATURE, "%s", "its own key does not verify it");
    take_facts(out, &as);
    return true;
}

void csr_clear(struct csr *csr)
{
    buf_clear(&csr->der);
    *csr = (struct csr){0};
}
