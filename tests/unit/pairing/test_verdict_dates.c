/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks that differ, and what ends too soon. */
#include "pairing/verdict.h"
#include "tests/support/judgement.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void clocks_are_noticed_at_half_a_minute_and_refused_at_five(void)
{
    static const struct {
        int64_t skew_ms;
        enum msg msg;
        enum severity severity;
    } cases[] = {
        {0, E_NONE, SEVERITY_NOTE},
        {29999, E_NONE, SEVERITY_NOTE},
        {30000, E_CLOCK_DRIFT, SEVERITY_WARNING},
        {-30000, E_CLOCK_DRIFT, SEVERITY_WARNING},
        {299999, E_CLOCK_DRIFT, SEVERITY_WARNING},
        {300000, E_CLOCK_SKEW, SEVERITY_ERROR},
        {-300000, E_CLOCK_SKEW, SEVERITY_ERROR},
    };
    scoped(judgement_clear) struct judgement j;

    judgement_make(&j, "same-ladder", SIDE_SOURCE);
    j.comparison.has_peer_clock = true;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct error *finding;

        j.comparison.skew_ms = cases[i].skew_ms;
        finding = judged(&j, cases[i].msg);
        CU_ASSERT_EQUAL(j.report.n, cases[i].msg == E_NONE ? 0 : 1);
        if (finding == NULL)
            continue;
        CU_ASSERT_EQUAL(finding->severity, cases[i].severity);
        CU_ASSERT_EQUAL(finding->side, SIDE_TARGET);
    }
    CU_ASSERT_PTR_NOT_NULL(report_find(&j.report, E_CLOCK_SKEW));
    CU_ASSERT_STRING_EQUAL(report_find(&j.report, E_CLOCK_SKEW)->about,
                           "the target's clock is 300 s behind the source's");
}

/* In date here; by the peer's clock ten years on it is not. */
static void a_date_that_fails_by_the_peers_clock_alone_says_so(void)
{
    scoped(judgement_clear) struct judgement j;
    const struct error *finding;

    judgement_make(&j, "same-ladder", SIDE_TARGET);
    j.comparison.has_peer_clock = true;
    j.comparison.skew_ms = INT64_C(10) * 366 * 86400 * 1000;
    finding = judged(&j, E_VALID_BY_ONE_CLOCK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_EQUAL(finding->severity, SEVERITY_ERROR);
    CU_ASSERT_PTR_NOT_NULL(report_find(&j.report, E_CLOCK_SKEW));
}

/* The leaf exists, so the clock that has it not yet valid is the slow one, and named. */
static void a_slow_clock_is_told_from_a_bad_certificate(void)
{
    scoped(judgement_clear) struct judgement j;
    const struct error *finding;

    judgement_make(&j, "source-leaf-not-yet", SIDE_SOURCE);
    j.comparison.has_peer_clock = true;
    j.comparison.skew_ms = INT64_C(400) * 86400 * 1000;
    finding = judged(&j, E_VALID_BY_ONE_CLOCK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_PTR_NOT_NULL(strstr(finding->about, "the source's clock is"));
    CU_ASSERT_PTR_NOT_NULL(strstr(finding->about, "slow: set it"));
}

/* 29 days are left; twice fifteen are more than that, twice ten are not. */
static void what_expires_before_the_end_is_foreseen(void)
{
    scoped(judgement_clear) struct judgement j;
    const struct error *finding;

    judgement_make(&j, "target-leaf-29-days-left", SIDE_SOURCE);
    j.comparison.demands.duration = INT64_C(15) * 86400;
    finding = judged(&j, E_DURATION_SHORT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_EQUAL(finding->severity, SEVERITY_WARNING);
    CU_ASSERT_EQUAL(finding->side, SIDE_TARGET);
    j.comparison.policy = POLICY_STRICT;
    CU_ASSERT_EQUAL(judged(&j, E_DURATION_SHORT)->severity, SEVERITY_ERROR);
    j.comparison.demands.duration = INT64_C(10) * 86400;
    CU_ASSERT_PTR_NULL(judged(&j, E_DURATION_SHORT));
}

static void an_absurd_clock_is_only_refused(void)
{
    scoped(judgement_clear) struct judgement j;

    judgement_make(&j, "same-ladder", SIDE_TARGET);
    j.comparison.has_peer_clock = true;
    j.comparison.skew_ms = INT64_MAX / 4;
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_CLOCK_SKEW));
    j.comparison.skew_ms = -(INT64_MAX / 4);
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_CLOCK_SKEW));
}

static void the_leaf_that_is_not_presented_ends_too(void)
{
    scoped(judgement_clear) struct judgement j;
    const struct error *finding;
    struct chain *client;

    judgement_make(&j, "split-both", SIDE_SOURCE);
    client = &j.given.target_other;
    client->cert[0].not_after.at = AT_NOON + 90;
    j.comparison.demands.duration = 60;
    finding = judged(&j, E_DURATION_SHORT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_EQUAL(finding->side, SIDE_TARGET);
    CU_ASSERT_PTR_NOT_NULL(strstr(finding->about, "client leaf: "));
    CU_ASSERT_EQUAL(judged_times(&j, E_DURATION_SHORT), 1);
    j.comparison.has_peer_clock = true;
    j.comparison.skew_ms = 120000;
    finding = judged(&j, E_VALID_BY_ONE_CLOCK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_PTR_NOT_NULL(strstr(finding->about, "client leaf: "));
}

/* Both leaves stand over it: it is told once. */
static void an_issuer_of_two_leaves_is_told_once(void)
{
    scoped(judgement_clear) struct judgement j;

    judgement_make(&j, "split-both", SIDE_TARGET);
    j.given.source.cert[1].not_after.at = AT_NOON + 90;
    j.given.source_other.cert[1].not_after.at = AT_NOON + 90;
    j.comparison.demands.duration = 60;
    (void)judged(&j, E_NONE);
    CU_ASSERT_EQUAL(judged_times(&j, E_DURATION_SHORT), 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(clocks_are_noticed_at_half_a_minute_and_refused_at_five),
        TEST(a_date_that_fails_by_the_peers_clock_alone_says_so),
        TEST(a_slow_clock_is_told_from_a_bad_certificate),
        TEST(what_expires_before_the_end_is_foreseen),
        TEST(an_absurd_clock_is_only_refused),
        TEST(the_leaf_that_is_not_presented_ends_too),
        TEST(an_issuer_of_two_leaves_is_told_once),
    };

    return run_tests("verdict_dates", tests, COUNT(tests));
}
