/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/crl.h"

#include "base/mem.h"
#include "base/text.h"
#include "certs/algorithm.h"
#include "certs/der.h"
#include "certs/extension.h"
#include "certs/name.h"
#include "certs/pem.h"
#include "certs/time.h"

#define NUMBER_BYTES_MAX 20 /* RFC 5280 5.2.3 */
#define EXTENSIONS_MAX 32

static bool malformed(struct error *err, const char *what)
{
    return fail(err, E_CRL_FORM, "its %s is malformed or missing", what);
}

static bool unknown(struct error *err, const char *what, struct span oid)
{
    char dotted[DER_OID_TEXT_MAX];

    der_oid_text(dotted, oid);
    return fail(err, E_CRL_BEYOND, "%s, critical extension %s", what, dotted);
}

/* RFC 5280 5.2.3: there, and not critical. */
static bool read_number(struct crl *out, const struct extension *from, struct error *err)
{
    if (!der_only(&out->number, from->value, TAG_INTEGER) || !der_is_integer(out->number) ||
        out->number.at[0] >= 0x80 || out->number.n > NUMBER_BYTES_MAX + 1)
        return malformed(err, "cRLNumber");
    return !from->critical ||
           fail(err, E_CRL_FORM, "its cRLNumber is marked critical (RFC 5280 5.2.3)");
}

/* One BOOLEAN [n] of the IssuingDistributionPoint, false by default. */
static bool take_switch(bool *out, struct span *in, unsigned n)
{
    struct span field = {0};

    return !der_next_is(*in, TAG_CONTEXT(n)) ||
           (der_expect(&field, in, TAG_CONTEXT(n)) && der_boolean(out, field));
}

/* RFC 5280 5.2.5. Lists of other issuers, of some reasons or of attributes are beyond us.
 */
static bool read_point(struct crl *out, const struct extension *from, struct error *err)
{
    bool indirect = false, attributes = false, some_reasons = false;
    struct span fields = {0}, field = {0};

    if (!der_only(&fields, from->value, TAG_SEQUENCE))
        return malformed(err, "issuingDistributionPoint");
    out->is_partial = der_next_is(fields, TAG_CONTEXT_OVER(0));
    if (out->is_partial && !der_expect(&out->point, &fields, TAG_CONTEXT_OVER(0)))
        return malformed(err, "issuingDistributionPoint");
    if (!take_switch(&out->for_users_only, &fields, 1) ||
        !take_switch(&out->for_cas_only, &fields, 2))
        return malformed(err, "issuingDistributionPoint");
    some_reasons = der_next_is(fields, TAG_CONTEXT(3));
    if (some_reasons && !der_expect(&field, &fields, TAG_CONTEXT(3)))
        return malformed(err, "issuingDistributionPoint");
    if (!take_switch(&indirect, &fields, 4) || !take_switch(&attributes, &fields, 5) ||
        fields.n > 0)
        return malformed(err, "issuingDistributionPoint");
    if (indirect || attributes || some_reasons)
        return fail(err, E_CRL_BEYOND, "it is %s",
                    indirect     ? "an indirect list"
                    : attributes ? "one of attribute certificates"
                                 : "limited to some reasons");
    return true;
}

static bool read_extension(struct crl *out, const struct extension *from, struct error *err)
{
    if (span_equal(from->oid, span_text("\x55\x1d\x14")))
        return read_number(out, from, err);
    if (span_equal(from->oid, span_text("\x55\x1d\x1c")))
        return read_point(out, from, err);
    return !from->critical || unknown(err, "the list", from->oid);
}

static bool read_extensions(struct crl *out, struct span rest, struct error *err)
{
    struct span seen[EXTENSIONS_MAX];
    struct extension extension = {0};

    for (size_t n = 0; rest.n > 0; n++) {
        if (n == COUNT(seen) || !extension_take(&extension, &rest))
            return malformed(err, "list of extensions");
        for (size_t i = 0; i < n; i++)
            if (span_equal(seen[i], extension.oid))
                return fail(err, E_CRL_FORM, "it has the same extension twice");
        seen[n] = extension.oid;
        if (!read_extension(out, &extension, err))
            return false;
    }
    return out->number.n > 0 ||
           fail(err, E_CRL_FORM, "it has no cRLNumber (RFC 5280 5.2.3)");
}

static bool read_time(struct cert_time *out, struct span *fields)
{
    struct der time = {0};

    if (!der_take(&time, fields) ||
        (time.tag != TAG_UTC_TIME && time.tag != TAG_GENERALIZED_TIME))
        return false;
    cert_time_read(out, time.tag, time.contents);
    return out->form != FORM_BAD;
}

/* One entry off the list: serial number, time, extensions. */
static bool take_entry(struct span *serial, struct cert_time *when, struct span *extensions,
                       struct span *in)
{
    struct span fields = {0};

    *extensions = (struct span){0};
    if (!der_expect(&fields, in, TAG_SEQUENCE) ||
        !der_expect(serial, &fields, TAG_INTEGER) || !der_is_integer(*serial) ||
        !read_time(when, &fields))
        return false;
    return fields.n == 0 || der_only(extensions, fields, TAG_SEQUENCE);
}

/* All of them, so that crl_revokes need not doubt. certificateIssuer is critical, and
 * belongs to indirect lists. */
static bool read_entries(struct crl *out, struct error *err)
{
    struct span rest = out->revoked, serial = {0}, extensions = {0};
    struct extension extension = {0};
    struct cert_time when = {0};

    while (rest.n > 0) {
        if (!take_entry(&serial, &when, &extensions, &rest))
            return malformed(err, "list of certificates");
        while (extensions.n > 0) {
            if (!extension_take(&extension, &extensions))
                return malformed(err, "list of certificates");
            if (extension.critical)
                return unknown(err, "an entry", extension.oid);
        }
    }
    return true;
}

static bool read_head(struct crl *out, struct span *fields, struct error *err)
{
    struct span version = {0};
    struct der algorithm = {0}, issuer = {0};
    struct scheme scheme = {0};
    unsigned number = 0;

    if (!der_expect(&version, fields, TAG_INTEGER) || !der_small(&number, version) ||
        number != 1)
        return fail(err, E_CRL_FORM, "it is no version 2 list");
    if (!der_take(&algorithm, fields) || !scheme_read(&scheme, algorithm.whole) ||
        !span_equal(algorithm.whole, out->signature_algorithm))
        return malformed(err, "signature algorithm");
    out->signed_with = scheme.kind;
    if (!der_take(&issuer, fields) || !name_is_well_formed(issuer.whole) ||
        name_is_empty(issuer.whole))
        return malformed(err, "issuer");
    out->issuer = issuer.whole;
    if (!read_time(&out->this_update, fields))
        return malformed(err, "thisUpdate");
    return read_time(&out->next_update, fields) || malformed(err, "nextUpdate");
}

static bool read_body(struct crl *out, struct error *err)
{
    struct span fields = {0}, wrapped = {0}, extensions = {0};

    if (!der_only(&fields, out->tbs, TAG_SEQUENCE))
        return malformed(err, "body");
    if (!read_head(out, &fields, err))
        return false;
    if (der_next_is(fields, TAG_SEQUENCE) &&
        (!der_expect(&out->revoked, &fields, TAG_SEQUENCE) || out->revoked.n == 0))
        return malformed(err, "list of certificates");
    if (!der_only(&wrapped, fields, TAG_CONTEXT_OVER(0)) ||
        !der_only(&extensions, wrapped, TAG_SEQUENCE))
        return malformed(err, "list of extensions");
    return read_extensions(out, extensions, err) && read_entries(out, err);
}

bool crl_parse(struct crl *out, struct span der, struct error *err)
{
    struct span fields = {0}, bits = {0};
    struct der tbs = {0}, algorithm = {0};

    out->der = buf_upto(CRL_DER_MAX);
    if (der.n > CRL_DER_MAX)
        return fail(err, E_CRL_FORM, "it has %zu bytes, more than %u", der.n, CRL_DER_MAX);
    if (!buf_add(&out->der, der, err))
        return false;
    if (!der_only(&fields, buf_span(&out->der), TAG_SEQUENCE) || !der_take(&tbs, &fields) ||
        tbs.tag != TAG_SEQUENCE || !der_take(&algorithm, &fields) ||
        algorithm.tag != TAG_SEQUENCE || !der_only(&bits, fields, TAG_BIT_STRING) ||
        !der_bytes(&out->signature, bits))
        return fail(err, E_CRL_FORM, "it is no signed list in strict DER");
    out->tbs = tbs.whole;
    out->signature_algorithm = algorithm.whole;
    return read_body(out, err);
}

void crl_clear(struct crl *crl)
{
    buf_clear(&crl->der);
    *crl = (struct crl){0};
}

static bool add(struct crls *out, struct span der, struct error *err)
{
    struct crl *crl;

    if (out->n == CRLS_MAX)
        return fail(err, E_CRL_FORM, "more than %d lists", CRLS_MAX);
    out->item = mem_resize(out->item, out->n + 1, sizeof(*out->item));
    crl = &out->item[out->n];
    *crl = (struct crl){0};
    if (!crl_parse(crl, der, err)) {
        crl_clear(crl);
        return false;
    }
    out->n++;
    return true;
}

static bool add_block(struct crls *out, const struct pem_block *block, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(CRL_DER_MAX);
    struct error cause = {0};

    if (!text_equal(block->label, "X509 CRL"))
        return fail(err, E_CRL_FORM, "line %u begins a %s", block->line, block->label);
    if (!pem_decode(&der, block, &cause))
        return fail(err, E_CRL_FORM, "%s", cause.about);
    return add(out, buf_span(&der), err);
}

bool crls_parse(struct crls *out, struct span file, struct error *err)
{
    struct pem_block block = {0};
    struct error cause = {0};
    struct pem pem = {0};
    bool found = false;

    if (file.n > 1 && file.at[0] == TAG_SEQUENCE && file.at[1] >= 0x80)
        return add(out, file, err);
    if (!pem_open(&pem, file, &cause) || !pem_next(&block, &found, &pem, &cause))
        return fail(err, E_CRL_FORM, "%s", cause.about);
    if (!found)
        return fail(err, E_CRL_FORM, "no BEGIN X509 CRL line in %zu bytes", file.n);
    while (found) {
        if (!add_block(out, &block, err))
            return false;
        if (!pem_next(&block, &found, &pem, &cause))
            return fail(err, E_CRL_FORM, "%s", cause.about);
    }
    return true;
}

void crls_clear(struct crls *crls)
{
    for (size_t i = 0; i < crls->n; i++)
        crl_clear(&crls->item[i]);
    mem_free(crls->item);
    *crls = (struct crls){0};
}

/* A list is signed as a certificate is: the three spans are all that counts. */
bool crl_is_signed_by(const struct crl *crl, const struct cert *issuer)
{
    const struct cert as_cert = {.tbs = crl->tbs,
                                 .signature_algorithm = crl->signature_algorithm,
                                 .signature = crl->signature};

    return cert_is_signed_by(&as_cert, issuer);
}

bool crl_is_weakly_signed(const struct crl *crl)
{
    return crl->signed_with == SIGNATURE_SHA1 || crl->signed_with == SIGNATURE_MD5 ||
           crl->signed_with == SIGNATURE_MD2;
}

bool crl_is_current(const struct crl *crl, time_t now)
{
    return now >= crl->this_update.at && now <= crl->next_update.at;
}

bool crl_covers(const struct crl *crl, const struct cert *cert)
{
    return cert->ca ? !crl->for_users_only : !crl->for_cas_only;
}

/* Two full names share one of theirs, byte by byte; relative ones are the same (RFC 5280
 * 6.3.3 b 2 i). */
static bool is_same_point(struct span one, struct span other)
{
    struct span names = {0}, others = {0};
    struct der name = {0}, with = {0};

    if (!der_only(&names, one, TAG_CONTEXT_OVER(0)) ||
        !der_only(&others, other, TAG_CONTEXT_OVER(0)))
        return span_equal(one, other);
    while (names.n > 0 && der_take(&name, &names))
        for (struct span rest = others; rest.n > 0 && der_take(&with, &rest);)
            if (span_equal(name.whole, with.whole))
                return true;
    return false;
}

/* One of its points is that one (RFC 5280 4.2.1.13). */
static bool points_to(const struct cert *cert, struct span wanted)
{
    struct span rest = cert->extensions, points = {0}, fields = {0}, point = {0};
    struct extension extension = {0};

    while (rest.n > 0 && extension_take(&extension, &rest)) {
        if (!span_equal(extension.oid, span_text("\x55\x1d\x1f")) ||
            !der_only(&points, extension.value, TAG_SEQUENCE))
            continue;
        while (points.n > 0 && der_expect(&fields, &points, TAG_SEQUENCE))
            if (der_next_is(fields, TAG_CONTEXT_OVER(0)) &&
                der_expect(&point, &fields, TAG_CONTEXT_OVER(0)) &&
                is_same_point(point, wanted))
                return true;
    }
    return false;
}

bool crl_is_whole_for(const struct crl *crl, const struct cert *cert)
{
    return !crl->is_partial || points_to(cert, crl->point);
}

bool crl_revokes(const struct crl *crl, const struct cert *cert, struct cert_time *since)
{
    struct span rest = crl->revoked, serial = {0}, extensions = {0};

    while (rest.n > 0 && take_entry(&serial, since, &extensions, &rest))
        if (span_equal(serial, cert->serial))
            return true;
    return false;
}
