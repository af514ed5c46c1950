/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/pkcs7.h"

#include "certs/der.h"

static const char signed_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

/* ContentInfo: the type, then [0] over the contents. */
static bool take_signed_data(struct span *out, struct span der)
{
    struct span outer = {0}, oid = {0}, content = {0};

    return der_only(&outer, der, TAG_SEQUENCE) && der_expect(&oid, &outer, TAG_OID) &&
           span_equal(oid, span_text(signed_data)) &&
           der_only(&content, outer, TAG_CONTEXT_OVER(0)) &&
           der_only(out, content, TAG_SEQUENCE);
}

bool pkcs7_read(struct pkcs7 *out, struct span der, struct error *err)
{
    struct span data = {0}, skipped = {0}, signers = {0};

    if (!take_signed_data(&data, der))
        return fail(err, E_PKCS7, "it is no SignedData in DER");
    if (!der_expect(&skipped, &data, TAG_INTEGER) ||
        !der_expect(&skipped, &data, TAG_SET) ||
        !der_expect(&skipped, &data, TAG_SEQUENCE) ||
        !der_expect(&out->certs, &data, TAG_CONTEXT_OVER(0)))
        return fail(err, E_PKCS7, "it holds no certificates");
    /* Revocation lists in the bag say nothing about the chain. */
    if (der_next_is(data, TAG_CONTEXT_OVER(1)) &&
        !der_expect(&skipped, &data, TAG_CONTEXT_OVER(1)))
        return fail(err, E_PKCS7, "its revocation lists are malformed");
    if (!der_only(&signers, data, TAG_SET))
        return fail(err, E_PKCS7, "its end is malformed");
    if (signers.n > 0)
        return fail(err, E_PKCS7, "it is a signed message, not a bag of certificates");
    return true;
}

bool pkcs7_next(struct span *cert, bool *found, struct pkcs7 *bag, struct error *err)
{
    struct der der = {0};

    *found = bag->certs.n > 0;
    if (!*found)
        return true;
    if (!der_take(&der, &bag->certs) || der.tag != TAG_SEQUENCE)
        return fail(err, E_PKCS7, "something in it is no certificate");
    *cert = der.whole;
    return true;
}
