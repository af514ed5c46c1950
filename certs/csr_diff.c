/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a CA changed between the request and its certificate. */
#include "base/text.h"
#include "certs/csr.h"
#include "certs/general.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct bit {
    unsigned bit;
    const char *name;
};

static const struct bit key_usages[] = {
    {KU_DIGITAL_SIGNATURE, "digitalSignature"},
    {KU_NON_REPUDIATION, "nonRepudiation"},
    {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
    {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
    {KU_KEY_AGREEMENT, "keyAgreement"},
    {KU_KEY_CERT_SIGN, "keyCertSign"},
    {KU_CRL_SIGN, "cRLSign"},
    {KU_ENCIPHER_ONLY, "encipherOnly"},
    {KU_DECIPHER_ONLY, "decipherOnly"},
};

static const struct bit purposes[] = {
    {EKU_SERVER_AUTH, "serverAuth"},  {EKU_CLIENT_AUTH, "clientAuth"},
    {EKU_ANY, "anyExtendedKeyUsage"}, {EKU_IPSEC_END_SYSTEM, "ipsecEndSystem"},
    {EKU_OTHER, "another purpose"},
};

static void tell(struct report *out, enum severity severity, enum msg msg,
                 const char *about)
{
    struct error finding = {0};

    fail(&finding, msg, "%s", about);
    finding.severity = severity;
    report_add(out, &finding);
}

/* "digitalSignature, keyAgreement" */
static void list_bits(char *out, size_t room, unsigned set, const struct bit *bits,
                      size_t n)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((set & bits[i].bit) != 0 && at < room)
            at += (size_t)snprintf(out + at, room - at, "%s%s", at > 0 ? ", " : "",
                                   bits[i].name);
}

/* Bits that one side has and the other has not; one finding for all of them. */
static void diff_bits(struct report *out, enum msg msg, unsigned set,
                      const struct bit *bits, size_t n)
{
    char text[CERT_TEXT_MAX];

    list_bits(text, sizeof(text), set, bits, n);
    if (text[0] != '\0')
        tell(out, SEVERITY_WARNING, msg, text);
}

/* DNS names are the same in either case. */
static bool same_name(const struct general_name *a, const struct general_name *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == GENERAL_DNS)
        return a->value.n == b->value.n &&
               strncasecmp((const char *)a->value.at, (const char *)b->value.at,
                           a->value.n) == 0;
    return span_equal(a->value, b->value);
}

static bool holds_name(struct span names, const struct general_name *wanted)
{
    struct general_name name = {0};

    while (names.n > 0 && general_take(&name, &names))
        if (same_name(&name, wanted))
            return true;
    return false;
}

/* A finding for each name in `have` that `other` lacks. */
static void diff_names(struct report *out, enum msg msg, struct span have,
                       struct span other)
{
    struct general_name name = {0};
    char text[CERT_TEXT_MAX];

    while (have.n > 0 && general_take(&name, &have)) {
        if (holds_name(other, &name))
            continue;
        csr_general_text(text, sizeof(text), &name);
        tell(out, SEVERITY_WARNING, msg, text);
    }
}

static void diff_subject(struct report *out, const struct csr *csr, const struct cert *cert)
{
    const enum name_relation relation = cert_names_compare(csr->subject, cert->subject);
    char text[2 * CERT_TEXT_MAX + 16];

    if (relation == NAME_SAME || relation == NAME_EQUAL)
        return;
    snprintf(text, sizeof(text), "%s became %s", csr->subject_text, cert->subject_text);
    tell(out, SEVERITY_WARNING, E_DIFF_SUBJECT, text);
}

void csr_diff_dropped(struct report *out, const struct csr *csr, const struct cert *cert)
{
    diff_names(out, E_DIFF_SAN_DROPPED, csr->san, cert->san);
}

void csr_diff(struct report *out, const struct csr *csr, const struct cert *cert)
{
    if (!span_equal(csr->spki, cert->spki))
        tell(out, SEVERITY_ERROR, E_DIFF_KEY, cert_issued_to(cert));
    diff_subject(out, csr, cert);
    csr_diff_dropped(out, csr, cert);
    diff_names(out, E_DIFF_SAN_ADDED, cert->san, csr->san);
    diff_bits(out, E_DIFF_EKU_DROPPED, csr->eku & ~cert->eku, purposes, COUNT(purposes));
    diff_bits(out, E_DIFF_EKU_ADDED, cert->eku & ~csr->eku, purposes, COUNT(purposes));
    diff_bits(out, E_DIFF_KU_DROPPED, csr->ku & ~cert->ku, key_usages, COUNT(key_usages));
    diff_bits(out, E_DIFF_KU_ADDED, cert->ku & ~csr->ku, key_usages, COUNT(key_usages));
    if (csr->ca != cert->ca)
        tell(out, SEVERITY_WARNING, E_DIFF_CA,
             cert->ca ? "CA:TRUE was added" : "CA:TRUE was dropped");
}
