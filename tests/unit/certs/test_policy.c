/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/policy.h"
#include "certs/rules.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static char letter(enum msg msg, enum policy policy, enum occasion occasion)
{
    enum severity severity = SEVERITY_NOTE;

    if (!policy_severity(msg, policy, occasion, &severity))
        return '-';
    return severity == SEVERITY_ERROR ? 'E' : 'W';
}

static void validity_warns_at_upload_and_refuses_when_pairing(void)
{
    CU_ASSERT_EQUAL(letter(E_EXPIRED, POLICY_DEFAULT, OCCASION_UPLOAD), 'W');
    CU_ASSERT_EQUAL(letter(E_EXPIRED, POLICY_DEFAULT, OCCASION_OWN), 'E');
    CU_ASSERT_EQUAL(letter(E_EXPIRED, POLICY_OME, OCCASION_PEER), 'E');
    CU_ASSERT_EQUAL(letter(E_EXPIRED, POLICY_DEFAULT, OCCASION_OFFLINE), 'E');
    CU_ASSERT_EQUAL(letter(E_EXPIRES_SOON, POLICY_DEFAULT, OCCASION_PEER), 'W');
    CU_ASSERT_EQUAL(letter(E_EXPIRES_SOON, POLICY_STRICT, OCCASION_PEER), 'E');
}

static void a_message_may_differ_from_its_rule(void)
{
    CU_ASSERT_EQUAL(letter(E_CHAIN_EXTRA, POLICY_DEFAULT, OCCASION_PEER), 'E');
    CU_ASSERT_EQUAL(letter(E_CHAIN_DUPLICATE, POLICY_DEFAULT, OCCASION_PEER), 'W');
    CU_ASSERT_EQUAL(letter(E_KEY_NOT_FIPS, POLICY_DEFAULT, OCCASION_UPLOAD), '-');
    CU_ASSERT_EQUAL(letter(E_KEY_NOT_FIPS, POLICY_FIPS, OCCASION_UPLOAD), 'E');
    CU_ASSERT_EQUAL(letter(E_KU_EC_OME, POLICY_OME, OCCASION_UPLOAD), 'E');
    CU_ASSERT_EQUAL(letter(E_KU_EC_OME, POLICY_STRICT, OCCASION_UPLOAD), '-');
}

static void what_no_peer_can_answer_for_is_not_asked_of_it(void)
{
    CU_ASSERT_EQUAL(letter(E_LEAF_KEY_NOT_OURS, POLICY_DEFAULT, OCCASION_UPLOAD), 'E');
    CU_ASSERT_EQUAL(letter(E_LEAF_KEY_NOT_OURS, POLICY_DEFAULT, OCCASION_PEER), '-');
    CU_ASSERT_EQUAL(letter(E_PEM_DER, POLICY_DEFAULT, OCCASION_PEER), '-');
}

static void a_message_without_a_rule_has_no_severity(void)
{
    CU_ASSERT_EQUAL(letter(E_FILE_READ, POLICY_DEFAULT, OCCASION_UPLOAD), '-');
}

/* Every rule of the table refuses or warns somewhere, so none was forgotten. */
static void every_rule_has_a_severity(void)
{
    enum severity severity;

    for (size_t i = 0; rules_name(i) != NULL; i++)
        CU_ASSERT_TRUE(
            rules_severity(rules_name(i), POLICY_DEFAULT, OCCASION_UPLOAD, &severity));
    CU_ASSERT_FALSE(
        rules_severity("no-such-rule", POLICY_DEFAULT, OCCASION_UPLOAD, &severity));
}

static void policies_are_known_by_name(void)
{
    enum policy policy = POLICY_DEFAULT;
    struct error err = {0};

    for (unsigned i = 0; i < POLICIES; i++) {
        CU_ASSERT_TRUE(policy_named(&policy, policy_name((enum policy)i), &err));
        CU_ASSERT_EQUAL(policy, i);
    }
    CU_ASSERT_FALSE(policy_named(&policy, "lenient", &err));
    CU_ASSERT_EQUAL(err.msg, E_POLICY_NAME);
}

static void sizes_and_digests_follow_the_policy(void)
{
    CU_ASSERT_EQUAL(policy_rsa_bits_min(POLICY_OME), 2048);
    CU_ASSERT_EQUAL(policy_rsa_bits_min(POLICY_STRICT), 3072);
    CU_ASSERT_EQUAL(policy_digest(POLICY_FIPS), DIGEST_SHA256);
    CU_ASSERT_EQUAL(policy_digest(POLICY_STRICT), DIGEST_BLAKE3);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(validity_warns_at_upload_and_refuses_when_pairing),
        TEST(a_message_may_differ_from_its_rule),
        TEST(what_no_peer_can_answer_for_is_not_asked_of_it),
        TEST(a_message_without_a_rule_has_no_severity),
        TEST(every_rule_has_a_severity),
        TEST(policies_are_known_by_name),
        TEST(sizes_and_digests_follow_the_policy),
    };

    return run_tests("policy", tests, COUNT(tests));
}
