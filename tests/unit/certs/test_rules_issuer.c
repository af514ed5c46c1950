/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/judge.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const struct told faults[] = {
    {"issuer-ca-false", E_ISSUER_NOT_CA, 1,
     "CA1-Inter: version 3, basicConstraints says CA:FALSE"},
    {"issuer-ca-absent", E_ISSUER_NOT_CA, 1, "no basicConstraints"},
    {"issuer-ca-version-1-root", E_ISSUER_NOT_CA, 2, "version 1"},
    {"issuer-ca-without-cert-sign", E_ISSUER_NO_CERT_SIGN, 1, "CA1-Inter"},
    {"issuer-ca-root-without-cert-sign", E_ISSUER_NO_CERT_SIGN, 2, "CA-Racine"},
    {"issuer-ca-eku-server-only", E_ISSUER_EKU, 1, "lacks clientAuth"},
    {"issuer-ca-eku-other", E_ISSUER_EKU, 1, "lacks serverAuth and clientAuth"},
    {"issuer-ca-leaf-is-ca", E_LEAF_IS_CA, 0, "OMENT-310"},
    {"issuer-ca-self-signed-ca-as-leaf", E_LEAF_IS_CA, 0, "OMENT-310"},
    {"path-length-of-root", E_PATH_LENGTH, 2, "allows 0 below it, and there is 1"},
    {"path-length-of-intermediate", E_PATH_LENGTH, 2, "allows 0"},
    {"path-length-counted-from-root", E_PATH_LENGTH, 4,
     "allows 2 below it, and there are 3"},
    {"name-constraints-dns-permitted", E_NAME_NOT_PERMITTED, 0,
     "DNS name oment-310.example.test, limited by CA1-Inter"},
    {"name-constraints-ip-excluded", E_NAME_EXCLUDED, 0, "address 192.0.2.7"},
    {"critical-extension-on-leaf", E_CRITICAL_EXTENSION, 0, "1.3.6.1.4.1.32473.1"},
    {"critical-extension-policy-constraints", E_CRITICAL_EXTENSION, 1, "2.5.29.36"},
};

static void each_fault_names_its_rung_and_its_value(void)
{
    for (size_t i = 0; i < COUNT(faults); i++)
        CU_ASSERT_TRUE(is_told(&faults[i]));
}

static void a_critical_constraint_we_cannot_compare_refuses(void)
{
    scoped(report_clear) struct report report = {0};
    struct cert cert = {.constraints_critical = true,
                        .name_constraints = span_of("\xa1\x05\x30\x03\x88\x01\x2a", 7)};
    struct chain chain = {.cert = &cert, .n = 1};
    struct chain_order order = {.n = 1};
    struct judged judged = {.chain = &chain, .order = &order};

    rules_judge(&judged, &report);
    CU_ASSERT_PTR_NOT_NULL(report_find(&report, E_CRITICAL_CONSTRAINT));
}

static void a_leaf_does_not_sign_certificates(void)
{
    scoped(report_clear) struct report report = {0};
    struct cert cert = {.has_ku = true, .ku = KU_KEY_CERT_SIGN};
    struct chain chain = {.cert = &cert, .n = 1};
    struct chain_order order = {.n = 1};
    struct judged judged = {.chain = &chain, .order = &order};

    rules_judge(&judged, &report);
    CU_ASSERT_PTR_NOT_NULL(report_find(&report, E_LEAF_CERT_SIGN));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_fault_names_its_rung_and_its_value),
        TEST(a_critical_constraint_we_cannot_compare_refuses),
        TEST(a_leaf_does_not_sign_certificates),
    };

    return run_tests("rules_issuer", tests, COUNT(tests));
}
