/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/judge.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const struct told faults[] = {
    {"order-root-first", E_CHAIN_ORDER, NO_RUNG_TOLD, "certificate 3, 2, 1"},
    {"depth-11", E_CHAIN_DEPTH, NO_RUNG_TOLD, "11 certificates"},
    {"complete-leaf-only", E_ISSUER_MISSING, 0,
     "OMENT-310 was issued by CN=CA1-Inter, O=Example"},
    {"complete-gap-of-one", E_ISSUER_MISSING, 1, "which is not there"},
    {"extra-unrelated-root", E_CHAIN_EXTRA, NO_RUNG_TOLD, "certificate 4, Other-Root"},
    {"extra-second-leaf", E_CHAIN_SECOND_LEAF, NO_RUNG_TOLD,
     "certificate 4, OMENT-400, beside the leaf OMENT-310"},
    {"extra-duplicate-root", E_CHAIN_DUPLICATE, NO_RUNG_TOLD, "certificate 4, CA-Racine"},
    {"signature-of-leaf", E_LINK_SIGNATURE, 0,
     "OMENT-310 does not verify under the EC P-256 key of CA1-Inter"},
    {"signature-of-intermediate", E_LINK_SIGNATURE, 1, "CA1-Inter does not"},
    {"signature-of-root", E_ROOT_SIGNATURE, 2, "CA-Racine does not"},
};

static void each_fault_names_its_rung_and_its_value(void)
{
    for (size_t i = 0; i < COUNT(faults); i++)
        CU_ASSERT_TRUE(is_told(&faults[i]));
}

static void a_bag_is_read_under_every_policy(void)
{
    for (int policy = 0; policy < POLICIES; policy++) {
        scoped(report_clear) struct report report = {0};

        judge_case(&report, "good-pkcs7-shuffled", (enum policy)policy, OCCASION_UPLOAD);
        CU_ASSERT_EQUAL(report.n, 0);
    }
}

static void a_self_signed_leaf_lacks_an_issuer(void)
{
    scoped(report_clear) struct report report = {0}, single = {0};

    judge_case(&report, "complete-self-signed-leaf", POLICY_DEFAULT, OCCASION_PEER);
    CU_ASSERT_EQUAL(report.n, 1);
    CU_ASSERT_PTR_NOT_NULL(report_find(&report, E_LEAF_SELF_SIGNED));
    judge_case(&single, "complete-self-signed-leaf", POLICY_DEFAULT, OCCASION_SINGLE);
    CU_ASSERT_EQUAL(report_errors(&single), 0);
}

static void a_chain_is_no_single_certificate(void)
{
    scoped(report_clear) struct report report = {0};

    judge_case(&report, "good", POLICY_DEFAULT, OCCASION_SINGLE);
    CU_ASSERT_EQUAL(report.n, 1);
    CU_ASSERT_PTR_NOT_NULL(report_find(&report, E_SINGLE_SEVERAL));
}

static void nothing_at_all_is_refused(void)
{
    scoped(report_clear) struct report report = {0};
    struct chain none = {0};
    struct judged judged = {.chain = &none, .occasion = OCCASION_PEER};

    rules_judge(&judged, &report);
    CU_ASSERT_EQUAL(report_errors(&report), 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_fault_names_its_rung_and_its_value),
        TEST(a_bag_is_read_under_every_policy),
        TEST(a_self_signed_leaf_lacks_an_issuer),
        TEST(a_chain_is_no_single_certificate),
        TEST(nothing_at_all_is_refused),
    };

    return run_tests("rules_path", tests, COUNT(tests));
}
