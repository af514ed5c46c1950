/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules for the leaf alone. */
#include "certs/judging.h"

#include "base/text.h"

#include <stdio.h>

void judge_request_key(struct judging *judging)
{
    const struct cert *leaf = judging->rung[0];
    char hex[DIGEST_HEX];

    if (!judging->in->has_requests)
        return;
    for (size_t i = 0; i < judging->in->requests; i++)
        if (span_equal(leaf->spki, judging->in->request_spki[i]))
            return;
    digest_hex(hex, &leaf->spki_sha256);
    found(judging, E_LEAF_KEY_NOT_OURS, 0, "%s: %s key with SHA-256 %s",
          cert_issued_to(leaf), cert_key_name(leaf), hex);
}

static void show_eku(char *out, size_t room, unsigned eku)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{EKU_SERVER_AUTH, "serverAuth"},
                 {EKU_CLIENT_AUTH, "clientAuth"},
                 {EKU_ANY, "anyExtendedKeyUsage"},
                 {EKU_IPSEC_END_SYSTEM, "ipsecEndSystem"},
                 {EKU_OTHER, "others"}};
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < COUNT(names) && n < room; i++)
        if ((eku & names[i].bit) != 0)
            n += (size_t)snprintf(out + n, room - n, "%s%s", n > 0 ? ", " : "",
                                  names[i].name);
}

/* What an extended key usage that is there lacks; E_NONE when nothing. */
static enum msg eku_fault(unsigned eku, enum leaf_use use, bool single)
{
    bool server = (eku & EKU_SERVER_AUTH) != 0, client = (eku & EKU_CLIENT_AUTH) != 0;

    if ((server || use == LEAF_CLIENT) && (client || use == LEAF_SERVER || single))
        return E_NONE;
    if (single)
        return E_SINGLE_EKU;
    if (server)
        return E_EKU_SERVER_ONLY;
    if (client)
        return E_EKU_CLIENT_ONLY;
    return eku == EKU_ANY ? E_EKU_ANY_ONLY : E_EKU_NEITHER;
}

void judge_leaf_eku(struct judging *judging)
{
    const struct cert *leaf = judging->rung[0];
    enum msg fault =
        eku_fault(leaf->eku, judging->in->use, judging->in->occasion == OCCASION_SINGLE);
    char list[128];

    show_eku(list, sizeof(list), leaf->eku);
    if (!leaf->has_eku)
        found(judging, E_EKU_ABSENT, 0, "CN=%s", leaf->cn);
    else if (fault != E_NONE)
        found(judging, fault, 0, "CN=%s: extended key usage is %s only", leaf->cn, list);
}

static void show_ku(char *out, size_t room, unsigned ku)
{
    static const char *const names[] = {
        "digitalSignature", "nonRepudiation", "keyEncipherment",
        "dataEncipherment", "keyAgreement",   "keyCertSign",
        "cRLSign",          "encipherOnly",   "decipherOnly"};
    size_t n = 0;

    (void)text_copy(out, room, "nothing");
    for (size_t i = 0; i < COUNT(names) && n < room; i++)
        if ((ku >> i & 1) != 0)
            n += (size_t)snprintf(out + n, room - n, "%s%s", n > 0 ? ", " : "", names[i]);
}

/* A single certificate's key usage has one OME answer of its own: CSEC9002 (T-03). */
static void found_ku(struct judging *judging, enum msg fault)
{
    const struct judged *in = judging->in;
    const struct cert *leaf = judging->rung[0];
    enum severity severity = SEVERITY_ERROR;
    char list[160];

    show_ku(list, sizeof(list), leaf->ku);
    if (!policy_severity(fault, in->policy, in->occasion, &severity))
        return;
    if (in->occasion == OCCASION_SINGLE && severity == SEVERITY_ERROR)
        fault = E_SINGLE_KU;
    found(judging, fault, 0, "CN=%s: %s key, key usage is %s (policy %s)", leaf->cn,
          cert_key_name(leaf), leaf->has_ku ? list : "absent", policy_name(in->policy));
}

/* Whether encipherment is missed depends on the kind of key (T-02). */
void judge_key_usage(struct judging *judging)
{
    const struct cert *leaf = judging->rung[0];
    bool enciphers = (leaf->ku & KU_KEY_ENCIPHERMENT) != 0, rsa = leaf->key == KEY_RSA;

    if (!leaf->has_ku) {
        found_ku(judging, E_KU_ABSENT);
        return;
    }
    if (!enciphers)
        found_ku(judging, rsa ? E_KU_NO_ENCIPHERMENT : E_KU_EC_OME);
    if (enciphers && !rsa)
        found_ku(judging, E_KU_EC_ENCIPHERMENT);
    if ((leaf->ku & KU_DIGITAL_SIGNATURE) == 0)
        found_ku(judging, E_KU_NO_SIGNATURE);
}

void judge_subject_alt_name(struct judging *judging)
{
    const struct cert *leaf = judging->rung[0];
    char names[CERT_TEXT_MAX];

    cert_san_text(names, sizeof(names), leaf);
    if (names[0] == '\0')
        found(judging, E_SAN_ABSENT, 0, "CN=%s%s", leaf->cn,
              leaf->has_san ? ": it has neither a DNS name nor an address" : "");
    if (cert_san_has_wildcard(leaf))
        found(judging, E_SAN_WILDCARD, 0, "%s", names);
}
