/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/judge.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const struct told faults[] = {
    {"time-format-utc-offset", E_TIME_FORM, 0, "notAfter is written '360101000000+0000'"},
    {"time-format-utc-not-before", E_TIME_FORM, 0, "notBefore is written '2601010000Z'"},
    {"time-format-on-intermediate", E_TIME_FORM, 1, "CA1-Inter"},
    {"time-format-generalized-before-2050", E_TIME_EARLY, 0, "20360101000000Z"},
    {"common-name-absent", E_CN_ABSENT, 0, "OU=OMENT-310, O=Example"},
    {"common-name-absent-root", E_CN_ABSENT, 2, "OU=Class 3 Root"},
    {"common-name-two", E_CN_SEVERAL, 0, "CN=OMENT-311, CN=OMENT-310"},
    {"common-name-wildcard", E_CN_WILDCARD, 0, "CN=*.example.test"},
    {"common-name-nul", E_CN_NUL, 0, "\\u{0}"},
    {"algorithm-md5-leaf", E_SIGNATURE_WEAK, 0, "MD5 with RSA"},
    {"algorithm-sha1-intermediate", E_SIGNATURE_WEAK, 1, "ECDSA with SHA-1"},
    {"algorithm-rsa-2040", E_KEY_SHORT, 0,
     "RSA-2040, and policy default asks for 2048 bits"},
    {"algorithm-rsa-1024-root", E_KEY_SHORT, 2, "RSA-1024"},
    {"algorithm-secp256k1", E_KEY_UNKNOWN, 0, "EC 1.3.132.0.10"},
    {"algorithm-explicit-curve", E_KEY_UNKNOWN, 0, "EC, no named curve"},
    {"validity-leaf-expired", E_EXPIRED, 0, "valid until 2027-06-01T00:00:00Z"},
    {"validity-root-not-yet", E_NOT_YET_VALID, 2, "valid from 2027-07-01T00:00:00Z"},
    {"validity-intermediate-29-days-left", E_EXPIRES_SOON, 1, "2027-07-14"},
};

static void each_fault_names_its_rung_and_its_value(void)
{
    for (size_t i = 0; i < COUNT(faults); i++)
        CU_ASSERT_TRUE(is_told(&faults[i]));
}

static void ed25519_is_refused_by_policy_fips_alone(void)
{
    scoped(report_clear) struct report fips = {0}, strict = {0};

    judge_case(&fips, "good-ed25519", POLICY_FIPS, OCCASION_UPLOAD);
    CU_ASSERT_EQUAL(report_errors(&fips), 3);
    judge_case(&strict, "good-ed25519", POLICY_STRICT, OCCASION_UPLOAD);
    CU_ASSERT_EQUAL(strict.n, 0);
}

static void an_unknown_signature_algorithm_is_refused(void)
{
    scoped(report_clear) struct report report = {0};
    struct cert cert = {.signature_algorithm = span_of("\x30\x05\x06\x03\x2b\x65\x71", 7)};
    struct chain chain = {.cert = &cert, .n = 1};
    struct chain_order order = {.n = 1};
    struct judged judged = {.chain = &chain, .order = &order};

    rules_judge(&judged, &report);
    CU_ASSERT_PTR_NOT_NULL(report_find(&report, E_SIGNATURE_UNKNOWN));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_fault_names_its_rung_and_its_value),
        TEST(ed25519_is_refused_by_policy_fips_alone),
        TEST(an_unknown_signature_algorithm_is_refused),
    };

    return run_tests("rules_cert", tests, COUNT(tests));
}
