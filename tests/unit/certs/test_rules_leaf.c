/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/cases.h"
#include "tests/support/judge.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const struct told faults[] = {
    {"leaf-eku-absent", E_EKU_ABSENT, 0, "CN=OMENT-310"},
    {"leaf-eku-any-only", E_EKU_ANY_ONLY, 0, "anyExtendedKeyUsage only"},
    {"leaf-eku-server-only", E_EKU_SERVER_ONLY, 0, "extended key usage is serverAuth only"},
    {"leaf-eku-any-and-server", E_EKU_SERVER_ONLY, 0,
     "serverAuth, anyExtendedKeyUsage only"},
    {"leaf-eku-client-only", E_EKU_CLIENT_ONLY, 0, "clientAuth only"},
    {"leaf-eku-other-only", E_EKU_NEITHER, 0, "others only"},
    {"key-usage-absent", E_KU_ABSENT, 0, "key usage is absent"},
    {"key-usage-rsa-signature-only", E_KU_NO_ENCIPHERMENT, 0,
     "RSA-3072 key, key usage is digitalSignature (policy default)"},
    {"key-usage-rsa-encipherment-only", E_KU_NO_SIGNATURE, 0, "keyEncipherment"},
    {"key-usage-ec-with-encipherment", E_KU_EC_ENCIPHERMENT, 0, "EC P-256"},
    {"key-usage-ec-agreement-only", E_KU_NO_SIGNATURE, 0, "keyAgreement"},
    {"subject-alt-name-absent", E_SAN_ABSENT, 0, "CN=OMENT-310"},
    {"subject-alt-name-wildcard", E_SAN_WILDCARD, 0, "*.example.test"},
};

static void each_fault_names_its_rung_and_its_value(void)
{
    for (size_t i = 0; i < COUNT(faults); i++)
        CU_ASSERT_TRUE(is_told(&faults[i]));
}

/* The leaf of a folder alone, as `certificate upload` gets it. */
static enum msg single(const char *folder, enum policy policy, enum ome *ome)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    struct judged judged = {
        .chain = &chain, .policy = policy, .occasion = OCCASION_SINGLE, .now = AT_NOON};
    const struct error *headline;
    size_t n;

    case_chain(&chain, folder);
    n = chain.n;
    chain.n = 1;
    rules_judge(&judged, &report);
    chain.n = n;
    headline = rules_headline(&report);
    *ome = headline != NULL ? message_of(headline->msg)->ome : OME_NONE;
    return headline != NULL ? headline->msg : E_NONE;
}

static void a_single_certificate_needs_to_serve_only(void)
{
    enum ome ome;

    CU_ASSERT_EQUAL(single("good", POLICY_OME, &ome), E_NONE);
    CU_ASSERT_EQUAL(single("leaf-eku-server-only", POLICY_OME, &ome), E_NONE);
    CU_ASSERT_EQUAL(single("leaf-eku-client-only", POLICY_OME, &ome), E_SINGLE_EKU);
    CU_ASSERT_EQUAL(single("leaf-eku-absent", POLICY_OME, &ome), E_EKU_ABSENT);
    CU_ASSERT_EQUAL(ome, OME_EKU);
}

static void its_key_usage_has_an_answer_of_its_own(void)
{
    enum ome ome;

    CU_ASSERT_EQUAL(single("key-usage-rsa-signature-only", POLICY_OME, &ome), E_SINGLE_KU);
    CU_ASSERT_EQUAL(ome, OME_FILE);
    CU_ASSERT_EQUAL(single("good-ec-3-rungs", POLICY_OME, &ome), E_SINGLE_KU);
    CU_ASSERT_EQUAL(single("good-ec-3-rungs", POLICY_DEFAULT, &ome), E_NONE);
}

static void the_key_must_be_one_that_was_asked_for(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report ours = {0}, theirs = {0};
    struct judged judged = {.chain = &chain, .now = AT_NOON, .has_requests = true};

    case_chain(&chain, "good");
    rules_judge(&judged, &theirs);
    CU_ASSERT_PTR_NOT_NULL(report_find(&theirs, E_LEAF_KEY_NOT_OURS));
    judged.request_spki = &chain.cert[0].spki;
    judged.requests = 1;
    rules_judge(&judged, &ours);
    CU_ASSERT_EQUAL(ours.n, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_fault_names_its_rung_and_its_value),
        TEST(a_single_certificate_needs_to_serve_only),
        TEST(its_key_usage_has_an_answer_of_its_own),
        TEST(the_key_must_be_one_that_was_asked_for),
    };

    return run_tests("rules_leaf", tests, COUNT(tests));
}
