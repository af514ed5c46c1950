/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/conform.h"

#include "base/text.h"
#include "certs/der.h"
#include "certs/extension.h"
#include "certs/general.h"
#include "certs/name.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* What is being judged, and where the findings go. */
struct judgement {
    const struct cert *cert;
    size_t rung;
    struct report *out;
};

static void tell(const struct judgement *j, enum msg msg, const char *what)
{
    struct error finding = {0};

    fail_at(&finding, msg, j->rung, "%s: %s", cert_issued_to(j->cert), what);
    report_add(j->out, &finding);
}

/* authorityCertSerialNumber; empty when there is none. */
static struct span authority_serial(const struct cert *cert)
{
    struct span rest = cert->extensions, fields = {0};
    struct extension extension = {0};
    struct der field = {0};

    while (rest.n > 0 && extension_take(&extension, &rest)) {
        if (!span_equal(extension.oid, span_text("\x55\x1d\x23")) ||
            !der_only(&fields, extension.value, TAG_SEQUENCE))
            continue;
        while (fields.n > 0 && der_take(&field, &fields))
            if (field.tag == TAG_CONTEXT(2))
                return field.contents;
    }
    return (struct span){0};
}

/* What is its own issuer names itself, if it names anything. */
static void judge_own_authority(const struct judgement *j)
{
    const struct cert *cert = j->cert;
    const struct span serial = authority_serial(cert);

    if ((cert->aki.n > 0 && cert->ski.n > 0 && !span_equal(cert->aki, cert->ski)) ||
        (serial.n > 0 && !span_equal(serial, cert->serial)))
        tell(j, E_FORM_KEY_ID,
             "self-signed, and its authorityKeyIdentifier names another (4.2.1.1)");
}

static void judge_key_identifiers(const struct judgement *j)
{
    const struct cert *cert = j->cert;
    const bool own = cert_is_self_issued(cert) && cert_is_signed_by(cert, cert);

    if (cert->ca && !cert->has_ski)
        tell(j, E_FORM_KEY_ID, "a CA without subjectKeyIdentifier (4.2.1.2)");
    if (own)
        judge_own_authority(j);
    else if (cert->aki.n == 0)
        tell(j, E_FORM_KEY_ID,
             "no keyIdentifier in its authorityKeyIdentifier, and not self-signed "
             "(4.2.1.1)");
}

/* AuthorityInfoAccessSyntax (4.2.2.1): at least one description, each an OID and a name. */
static bool access_is_well_formed(struct span value)
{
    struct span list = {0}, fields = {0}, oid = {0};
    struct general_name name = {0};

    if (!der_only(&list, value, TAG_SEQUENCE) || list.n == 0)
        return false;
    while (list.n > 0)
        if (!der_expect(&fields, &list, TAG_SEQUENCE) ||
            !der_expect(&oid, &fields, TAG_OID) || !der_is_oid(oid) ||
            !general_take(&name, &fields) || fields.n > 0 ||
            !general_name_is_well_formed(&name, false))
            return false;
    return true;
}

enum must { EITHER, CRITICAL, NOT_CRITICAL };

static const struct {
    const char *oid;
    enum must must;
    bool only_in_cas;
    const char *told; /* when it is broken */
    bool (*is_well_formed)(struct span value);
} forms[] = {
    {"\x55\x1d\x23", NOT_CRITICAL, false, "authorityKeyIdentifier (4.2.1.1)", NULL},
    {"\x55\x1d\x0e", NOT_CRITICAL, false, "subjectKeyIdentifier (4.2.1.2)", NULL},
    {"\x55\x1d\x1e", CRITICAL, true, "nameConstraints (4.2.1.10)", NULL},
    {"\x55\x1d\x24", CRITICAL, true, "policyConstraints (4.2.1.11)", NULL},
    {"\x55\x1d\x36", CRITICAL, true, "inhibitAnyPolicy (4.2.1.14)", NULL},
    {"\x55\x1d\x21", EITHER, true, "policyMappings (4.2.1.5)", NULL},
    {"\x55\x1d\x2e", NOT_CRITICAL, false, "freshestCRL (4.2.1.15)", NULL},
    {"\x2b\x06\x01\x05\x05\x07\x01\x01", NOT_CRITICAL, false,
     "authorityInfoAccess (4.2.2.1)", access_is_well_formed},
    {"\x2b\x06\x01\x05\x05\x07\x01\x0b", NOT_CRITICAL, false, "subjectInfoAccess (4.2.2.2)",
     NULL},
};

static void judge_extensions(const struct judgement *j)
{
    struct span rest = j->cert->extensions;
    struct extension extension = {0};

    while (rest.n > 0 && extension_take(&extension, &rest)) {
        for (size_t i = 0; i < COUNT(forms); i++) {
            if (!span_equal(extension.oid, span_text(forms[i].oid)))
                continue;
            if (forms[i].must != EITHER &&
                extension.critical != (forms[i].must == CRITICAL))
                tell(j, E_FORM_CRITICAL, forms[i].told);
            if (forms[i].only_in_cas && !j->cert->ca)
                tell(j, E_FORM_PLACE, forms[i].told);
            if (forms[i].is_well_formed != NULL &&
                !forms[i].is_well_formed(extension.value))
                tell(j, E_FORM_VALUE, forms[i].told);
        }
    }
}

static void judge_basic(const struct judgement *j)
{
    const struct cert *cert = j->cert;

    if (cert->ca && !cert->basic_critical)
        tell(j, E_FORM_CRITICAL, "a CA's basicConstraints (4.2.1.9)");
    if (cert->has_path_length &&
        (!cert->ca || (cert->has_ku && (cert->ku & KU_KEY_CERT_SIGN) == 0)))
        tell(j, E_FORM_PLACE, "a path length in what signs no certificates (4.2.1.9)");
    if (!cert->ca && (cert->ku & KU_KEY_CERT_SIGN) != 0)
        tell(j, E_FORM_PLACE, "keyCertSign in what is no CA (4.2.1.3)");
}

static bool is_label_character(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-';
}

/* RFC 1034 section 3.5 as RFC 1123 has it; the left-most label may be '*'. */
static bool dns_is_well_formed(struct span name)
{
    size_t label = 0;

    if (span_starts(name, "*."))
        name = span_after(name, 2);
    for (size_t i = 0; i < name.n; i++) {
        if (name.at[i] != '.' && !is_label_character(name.at[i]))
            return false;
        if (name.at[i] == '.' ? label == 0 || name.at[i - 1] == '-'
                              : label == 0 && name.at[i] == '-')
            return false;
        label = name.at[i] == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return name.n > 0 && name.n <= 253 && label > 0 && name.at[name.n - 1] != '-';
}

/* RFC 2821: something, one '@' unless the local part is quoted, a host. */
static bool email_is_well_formed(struct span address)
{
    const unsigned char *at = memrchr(address.at, '@', address.n);
    size_t local = at == NULL ? 0 : (size_t)(at - address.at);

    if (local == 0 || !dns_is_well_formed(span_after(address, local + 1)) || at[1] == '*')
        return false;
    return address.at[0] == '"' || memchr(address.at, '@', local) == NULL;
}

static void judge_alternatives(const struct judgement *j)
{
    struct span rest = j->cert->san;
    struct general_name name = {0};
    char text[CERT_TEXT_MAX], told[CERT_TEXT_MAX + 48];

    while (rest.n > 0 && general_take(&name, &rest)) {
        if (name.kind == GENERAL_DNS
                ? dns_is_well_formed(name.value)
                : name.kind != GENERAL_EMAIL || email_is_well_formed(name.value))
            continue;
        text_printable(text, sizeof(text), name.value);
        snprintf(told, sizeof(told), "the alternative name %s (4.2.1.6)", text);
        tell(j, E_FORM_NAME, told);
        return;
    }
}

/* A DNS constraint has no dot in front: only those of URIs do. */
static void judge_constraints(const struct judgement *j)
{
    struct span rest = j->cert->name_constraints, list = {0}, fields = {0};
    struct general_name base = {0};
    struct der each = {0};

    while (rest.n > 0 && der_take(&each, &rest)) {
        list = each.contents;
        while (list.n > 0 && der_expect(&fields, &list, TAG_SEQUENCE) &&
               general_take(&base, &fields)) {
            if (base.kind != GENERAL_DNS || !span_starts(base.value, "."))
                continue;
            tell(j, E_FORM_NAME, "a DNS name constraint that begins with a dot (4.2.1.10)");
            return;
        }
    }
}

static void judge_names(const struct judgement *j)
{
    const struct cert *cert = j->cert;
    struct span rest = cert->extensions;
    struct extension extension = {0};

    if (name_is_empty(cert->issuer))
        tell(j, E_FORM_NAME, "an empty issuer (4.1.2.4)");
    if (!name_is_empty(cert->subject))
        return;
    if (cert->ca)
        tell(j, E_FORM_NAME, "a CA with an empty subject (4.1.2.6)");
    while (rest.n > 0 && extension_take(&extension, &rest))
        if (span_equal(extension.oid, span_text("\x55\x1d\x11")) && !extension.critical)
            tell(j, E_FORM_CRITICAL, "subjectAltName beside an empty subject (4.2.1.6)");
}

void conform_judge(struct report *out, const struct cert *cert, size_t rung)
{
    const struct judgement j = {.cert = cert, .rung = rung, .out = out};

    judge_key_identifiers(&j);
    judge_extensions(&j);
    judge_basic(&j);
    judge_names(&j);
    judge_alternatives(&j);
    judge_constraints(&j);
}

/* A CN that means a host or an address: one word with a dot or a colon, or a number. */
static bool claims_a_name(const char *cn)
{
    return cn[0] != '\0' && strchr(cn, ' ') == NULL &&
           (strpbrk(cn, ".:") != NULL || text_starts(cn, "0x"));
}

/* `text` is this name, character for character; the domain of a wildcard will do. */
static bool is_spelt(const struct general_name *name, const char *text)
{
    char address[INET6_ADDRSTRLEN] = "";
    struct span value = name->value;

    if (name->kind == GENERAL_DNS)
        return span_equal(span_text(text), value) ||
               (span_starts(value, "*.") &&
                span_equal(span_text(text), span_after(value, 2)));
    return inet_ntop(value.n == 4 ? AF_INET : AF_INET6, value.at, address,
                     sizeof(address)) != NULL &&
           text_equal(address, text);
}

static void judge_common_name(const struct judgement *j)
{
    const char *cn = j->cert->cn;
    struct span rest = j->cert->san;
    struct general_name name = {0};
    unsigned char ignored[16];
    bool address, may = true;

    if (!claims_a_name(cn))
        return;
    address = strchr(cn, ':') != NULL || text_starts(cn, "0x") ||
              inet_pton(AF_INET, cn, ignored) == 1;
    while (general_find(&name, &rest, address ? GENERAL_IP : GENERAL_DNS)) {
        if (is_spelt(&name, cn))
            return;
        may = false;
    }
    if (!may)
        tell(j, E_CN_NOT_IN_SAN, "no alternative name is spelt like its common name");
}

void conform_judge_server(struct report *out, const struct cert *leaf)
{
    const struct judgement j = {.cert = leaf, .out = out};
    struct span rest = leaf->extensions;
    struct extension extension = {0};

    if ((leaf->eku & EKU_ANY) != 0)
        tell(&j, E_PURPOSE_PUBLIC, "it has anyExtendedKeyUsage");
    while (rest.n > 0 && extension_take(&extension, &rest))
        if (span_equal(extension.oid, span_text("\x55\x1d\x25")) && extension.critical)
            tell(&j, E_PURPOSE_PUBLIC, "it is marked critical");
    judge_common_name(&j);
}
