/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/policy.h"

#include "base/text.h"

/*
 * A column is a policy, a letter an occasion: upload, own chain, peer's chain, offline,
 * single certificate. E refuses, W warns, - is not told. A row with a message overrides the
 * row of its rule.
 */
struct row {
    const char *rule;
    enum msg msg; /* E_NONE: the rule itself */
    const char *by_policy[POLICIES];
};

static const struct row rows[] = {
    /*                                          default  ome      strict   fips */
    {"encoding", E_NONE, {"EE-EE", "EE-EE", "EE-EE", "EE-EE"}},
    {"private-key-in-file", E_NONE, {"EE-EE", "EE-EE", "EE-EE", "EE-EE"}},
    {"request-key", E_NONE, {"EE--E", "EE--E", "EE--E", "EE--E"}},
    {"order", E_NONE, {"WWWW-", "EEEE-", "WWWW-", "WWWW-"}},
    {"depth", E_NONE, {"EEEE-", "EEEE-", "EEEE-", "EEEE-"}},
    {"depth", E_CHAIN_ENDLESS, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"complete", E_NONE, {"EEEE-", "EEEE-", "EEEE-", "EEEE-"}},
    {"complete", E_CHAIN_EMPTY, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"extra", E_NONE, {"EEEE-", "EEEE-", "EEEE-", "EEEE-"}},
    {"extra", E_CHAIN_DUPLICATE, {"WWWW-", "WWWW-", "WWWW-", "WWWW-"}},
    {"extra", E_SINGLE_SEVERAL, {"----E", "----E", "----E", "----E"}},
    {"signature", E_NONE, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"issuer-ca", E_NONE, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"issuer-ca", E_ISSUER_EKU, {"EEEE-", "WWWW-", "EEEE-", "EEEE-"}},
    {"path-length", E_NONE, {"EEEE-", "EEEE-", "EEEE-", "EEEE-"}},
    {"name-constraints", E_NONE, {"EEEE-", "EEEE-", "EEEE-", "EEEE-"}},
    {"critical-extension", E_NONE, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"time-format", E_NONE, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"time-format", E_TIME_EARLY, {"WWWWW", "WWWWW", "WWWWW", "WWWWW"}},
    {"leaf-eku", E_NONE, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"key-usage", E_NONE, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"key-usage", E_KU_NO_SIGNATURE, {"EEEEE", "WWWWW", "EEEEE", "EEEEE"}},
    {"key-usage", E_KU_EC_OME, {"-----", "EEEEE", "-----", "-----"}},
    {"key-usage", E_KU_EC_ENCIPHERMENT, {"WWWWW", "-----", "WWWWW", "WWWWW"}},
    {"common-name", E_NONE, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"algorithm", E_NONE, {"EEEEE", "EEEEE", "EEEEE", "EEEEE"}},
    {"algorithm", E_KEY_NOT_FIPS, {"-----", "-----", "-----", "EEEEE"}},
    {"validity", E_NONE, {"WEEEW", "WEEEW", "EEEEE", "WEEEW"}},
    {"validity", E_EXPIRES_SOON, {"WWWWW", "WWWWW", "EEEEE", "WWWWW"}},
    {"subject-alt-name", E_NONE, {"WWWWW", "WWWWW", "EEEEE", "WWWWW"}},
    {"subject-alt-name", E_SAN_ABSENT, {"WWWWW", "-----", "EEEEE", "WWWWW"}},
    {"leaves", E_NONE, {"-EE--", "-EE--", "-EE--", "-EE--"}},
    {"leaves", E_PAIR_SPLIT, {"-----", "EEEE-", "-----", "-----"}},
};

static bool read_row(const struct row *row, enum policy policy, enum occasion occasion,
                     enum severity *out)
{
    char letter = row->by_policy[policy][occasion];

    *out = letter == 'E' ? SEVERITY_ERROR : SEVERITY_WARNING;
    return letter != '-';
}

bool policy_severity(enum msg msg, enum policy policy, enum occasion occasion,
                     enum severity *out)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].msg != E_NONE && rows[i].msg == msg)
            return read_row(&rows[i], policy, occasion, out);
    return message_of(msg)->rule != NULL &&
           policy_rule_severity(message_of(msg)->rule, policy, occasion, out);
}

bool policy_rule_severity(const char *rule, enum policy policy, enum occasion occasion,
                          enum severity *out)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].msg == E_NONE && text_equal(rows[i].rule, rule))
            return read_row(&rows[i], policy, occasion, out);
    return false;
}

static const char *const names[POLICIES] = {"default", "ome", "strict", "fips"};

const char *policy_name(enum policy policy)
{
    return names[policy];
}

bool policy_named(enum policy *out, const char *name, struct error *err)
{
    for (size_t i = 0; i < POLICIES; i++) {
        if (!text_equal(names[i], name))
            continue;
        *out = (enum policy)i;
        return true;
    }
    return fail(err, E_POLICY_NAME, "'%s'", name);
}

enum digest_kind policy_digest(enum policy policy)
{
    return policy == POLICY_FIPS ? DIGEST_SHA256 : DIGEST_BLAKE3;
}

unsigned policy_rsa_bits_min(enum policy policy)
{
    return policy == POLICY_STRICT ? 3072 : 2048;
}
