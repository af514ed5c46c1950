/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/extensions.h"

#include "base/text.h"
#include "certs/constraints.h"
#include "certs/der.h"
#include "certs/extension.h"
#include "certs/general.h"

#include <string.h>

#define EXTENSIONS_MAX 64

static bool read_basic(struct cert *cert, const struct extension *from)
{
    struct span fields = {0}, field = {0};

    cert->has_basic = true;
    cert->basic_critical = from->critical;
    if (!der_only(&fields, from->value, TAG_SEQUENCE))
        return false;
    if (der_next_is(fields, TAG_BOOLEAN) &&
        !(der_expect(&field, &fields, TAG_BOOLEAN) && der_boolean(&cert->ca, field)))
        return false;
    if (fields.n == 0)
        return true;
    cert->has_path_length = true;
    return der_only(&field, fields, TAG_INTEGER) && der_small(&cert->path_length, field);
}

/* Bit 0 is the highest of the first byte. More bits than RFC 5280 names are no usage. */
static bool read_ku(struct cert *cert, const struct extension *from)
{
    struct span contents = {0}, bits = {0};
    unsigned unused = 0;

    cert->has_ku = true;
    if (!der_only(&contents, from->value, TAG_BIT_STRING) ||
        !der_bits(&bits, &unused, contents))
        return false;
    for (unsigned i = 0; i < 9 && i / 8 < bits.n; i++)
        if ((bits.at[i / 8] & (0x80U >> i % 8)) != 0)
            cert->ku |= 1U << i;
    return true;
}

static unsigned eku_of(struct span oid)
{
    static const struct {
        const char *oid;
        size_t n;
        unsigned bit;
    } known[] = {
        {"\x2b\x06\x01\x05\x05\x07\x03\x01", 8, EKU_SERVER_AUTH},
        {"\x2b\x06\x01\x05\x05\x07\x03\x02", 8, EKU_CLIENT_AUTH},
        {"\x2b\x06\x01\x05\x05\x07\x03\x05", 8, EKU_IPSEC_END_SYSTEM},
        {"\x55\x1d\x25\x00", 4, EKU_ANY},
    };

    for (size_t i = 0; i < COUNT(known); i++)
        if (span_equal(oid, span_of(known[i].oid, known[i].n)))
            return known[i].bit;
    return EKU_OTHER;
}

static bool read_eku(struct cert *cert, const struct extension *from)
{
    struct span list = {0}, oid = {0};

    cert->has_eku = true;
    if (!der_only(&list, from->value, TAG_SEQUENCE) || list.n == 0)
        return false;
    while (list.n > 0) {
        if (!der_expect(&oid, &list, TAG_OID) || !der_is_oid(oid))
            return false;
        cert->eku |= eku_of(oid);
    }
    return true;
}

static bool read_san(struct cert *cert, const struct extension *from)
{
    cert->has_san = true;
    return der_only(&cert->san, from->value, TAG_SEQUENCE) &&
           general_names_are_well_formed(cert->san);
}

static bool read_ski(struct cert *cert, const struct extension *from)
{
    cert->has_ski = true;
    return der_only(&cert->ski, from->value, TAG_OCTET_STRING);
}

static bool read_aki(struct cert *cert, const struct extension *from)
{
    struct span fields = {0};
    struct der field = {0};

    cert->has_aki = true;
    if (!der_only(&fields, from->value, TAG_SEQUENCE))
        return false;
    if (der_next_is(fields, TAG_CONTEXT(0)) &&
        !der_expect(&cert->aki, &fields, TAG_CONTEXT(0)))
        return false;
    while (fields.n > 0)
        if (!der_take(&field, &fields))
            return false;
    return true;
}

static bool read_name_constraints(struct cert *cert, const struct extension *from)
{
    cert->constraints_critical = from->critical;
    return der_only(&cert->name_constraints, from->value, TAG_SEQUENCE) &&
           constraints_are_well_formed(cert->name_constraints);
}

/* Policies are no part of what pairgate asks of a chain: with any policy acceptable and
 * none required, neither extension can change the outcome (RFC 5280 6.1.1). */
static bool read_nothing(struct cert *cert, const struct extension *from)
{
    struct span fields = {0};
    struct der all = {0};

    (void)cert;
    fields = from->value;
    return der_take(&all, &fields) && fields.n == 0;
}

static const struct {
    const char *oid;
    const char *name;
    bool (*read)(struct cert *cert, const struct extension *from);
} processed[] = {
    {"\x55\x1d\x13", "basicConstraints", read_basic},
    {"\x55\x1d\x0f", "keyUsage", read_ku},
    {"\x55\x1d\x25", "extKeyUsage", read_eku},
    {"\x55\x1d\x11", "subjectAltName", read_san},
    {"\x55\x1d\x0e", "subjectKeyIdentifier", read_ski},
    {"\x55\x1d\x23", "authorityKeyIdentifier", read_aki},
    {"\x55\x1d\x1e", "nameConstraints", read_name_constraints},
    {"\x55\x1d\x20", "certificatePolicies", read_nothing},
    {"\x55\x1d\x36", "inhibitAnyPolicy", read_nothing},
};

/* Add an OID to the list of what we cannot process. */
static void note_unknown(struct cert *cert, struct span oid)
{
    char dotted[DER_OID_TEXT_MAX];
    size_t n = strlen(cert->unknown_critical);

    der_oid_text(dotted, oid);
    if (n + strlen(dotted) + 3 > sizeof(cert->unknown_critical))
        return;
    if (n > 0) {
        (void)text_copy(cert->unknown_critical + n, CERT_TEXT_MAX - n, ", ");
        n += 2;
    }
    (void)text_copy(cert->unknown_critical + n, CERT_TEXT_MAX - n, dotted);
}

static bool process(struct cert *cert, const struct extension *extension, struct error *err)
{
    for (size_t i = 0; i < COUNT(processed); i++) {
        if (!span_equal(extension->oid, span_text(processed[i].oid)))
            continue;
        return processed[i].read(cert, extension) ||
               fail(err, E_CERT_DER, "its %s is malformed", processed[i].name);
    }
    if (extension->critical)
        note_unknown(cert, extension->oid);
    return true;
}

bool extensions_read(struct cert *cert, struct error *err)
{
    struct span rest = cert->extensions, seen[EXTENSIONS_MAX];
    struct extension extension = {0};
    char dotted[DER_OID_TEXT_MAX];

    for (size_t n = 0; rest.n > 0; n++) {
        if (n == COUNT(seen))
            return fail(err, E_CERT_DER, "it has more than %zu extensions", COUNT(seen));
        if (!extension_take(&extension, &rest))
            return fail(err, E_CERT_DER, "its extension %zu is malformed", n + 1);
        for (size_t i = 0; i < n; i++) {
            if (!span_equal(seen[i], extension.oid))
                continue;
            der_oid_text(dotted, extension.oid);
            return fail(err, E_CERT_TWICE, "extension %s", dotted);
        }
        seen[n] = extension.oid;
        if (!process(cert, &extension, err))
            return false;
    }
    return true;
}
