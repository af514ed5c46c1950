/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "pairing/ladder.h"
#include "pairing/verdict.h"
#include "tests/support/pairs.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* One pair of tests/data/pairs as one side sees it. */
struct seen {
    struct pair_case given;
    struct trust trust;
    struct ladder ladder;
    struct report report;
};

static void see(struct seen *out, const char *name, enum side own)
{
    struct error err = {0};

    *out = (struct seen){0};
    pair_case_load(&out->given, name);
    CU_ASSERT_FATAL(verdict_own_root(
        &out->trust, own == SIDE_SOURCE ? &out->given.source : &out->given.target, &err));
    ladder_lay(&out->ladder, &out->given.source, &out->given.target, own, &out->trust);
    ladder_judge(&out->ladder, &out->report);
}

static void seen_clear(struct seen *seen)
{
    pair_case_clear(&seen->given);
    trust_clear(&seen->trust);
    report_clear(&seen->report);
}

static void leaves_are_not_compared_by_name(void)
{
    scoped(seen_clear) struct seen s;

    see(&s, "same-ladder", SIDE_SOURCE);
    CU_ASSERT_EQUAL(s.ladder.n, 3);
    CU_ASSERT_EQUAL(s.ladder.rung[0].issued_to, NAME_SAME);
    CU_ASSERT_EQUAL(s.ladder.rung[0].key, RUNG_KEY_NONE);
    CU_ASSERT(s.ladder.rung[0].match);
    CU_ASSERT_EQUAL(s.report.n, 0);
}

static void four_kinds_of_key_are_told_apart(void)
{
    static const struct {
        const char *name;
        enum rung_key key; /* of rung 1 */
    } cases[] = {
        {"same-ladder", RUNG_KEY_SAME},
        {"renewed-intermediate", RUNG_KEY_RENEWED},
        {"rekeyed-intermediate", RUNG_KEY_REKEYED},
        {"twin-intermediate", RUNG_KEY_REKEYED},
        {"impostor-ca", RUNG_KEY_IMPOSTOR},
        {"other-intermediate", RUNG_KEY_NONE},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(seen_clear) struct seen s;

        see(&s, cases[i].name, SIDE_TARGET);
        CU_ASSERT_EQUAL(s.ladder.rung[1].key, cases[i].key);
    }
}

static void a_rekeyed_ca_is_a_warning_that_says_so(void)
{
    scoped(seen_clear) struct seen s;

    see(&s, "rekeyed-intermediate", SIDE_SOURCE);
    CU_ASSERT_EQUAL_FATAL(s.report.n, 1);
    CU_ASSERT_EQUAL(s.report.item[0].msg, E_LADDER_REKEYED);
    CU_ASSERT_EQUAL(s.report.item[0].severity, SEVERITY_WARNING);
    CU_ASSERT_EQUAL(s.report.item[0].rung, 1);
    CU_ASSERT(s.ladder.rung[1].match);
}

static void a_name_that_only_looks_equal_shows_the_code_points(void)
{
    scoped(seen_clear) struct seen s;
    const struct error *finding;

    see(&s, "look-alike-cyrillic", SIDE_SOURCE);
    finding = report_find(&s.report, E_LADDER_LOOKALIKE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_PTR_NOT_NULL(strstr(finding->about, "U+"));
    CU_ASSERT_EQUAL(finding->side, SIDE_BOTH);
    CU_ASSERT_FALSE(s.ladder.rung[0].match);
}

static void the_extra_rung_is_named_with_its_side(void)
{
    static const struct {
        const char *name;
        enum side side;
    } cases[] = {{"extra-rung-at-source", SIDE_SOURCE},
                 {"extra-rung-at-target", SIDE_TARGET}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(seen_clear) struct seen s;
        const struct error *finding;

        see(&s, cases[i].name, SIDE_SOURCE);
        finding = report_find(&s.report, E_LADDER_DEPTH);
        CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
        CU_ASSERT_EQUAL(finding->side, cases[i].side);
        CU_ASSERT(finding->has_rung);
        CU_ASSERT_NOT_EQUAL(finding->rung, 0);
        CU_ASSERT_FALSE(s.ladder.rung[s.ladder.n - 1].match);
    }
}

/* As presented in any order, the ladder is the same. */
static void the_order_of_presentation_does_not_matter(void)
{
    scoped(seen_clear) struct seen s;
    scoped(chain_clear) struct chain turned = {0};
    struct ladder ladder = {0};
    struct error err = {0};

    see(&s, "same-ladder", SIDE_SOURCE);
    for (size_t i = s.given.target.n; i-- > 0;)
        CU_ASSERT_FATAL(
            chain_add_der(&turned, buf_span(&s.given.target.cert[i].der), &err));
    ladder_lay(&ladder, &s.given.source, &turned, SIDE_SOURCE, &s.trust);
    CU_ASSERT_EQUAL(ladder.n, s.ladder.n);
    for (size_t i = 0; i < ladder.n; i++)
        CU_ASSERT(ladder.rung[i].match);
}

static void one_side_alone_matches_nothing(void)
{
    scoped(seen_clear) struct seen s;
    struct ladder ladder = {0};
    scoped(report_clear) struct report report = {0};
    const struct chain none = {0};

    see(&s, "same-ladder", SIDE_SOURCE);
    ladder_lay(&ladder, &s.given.source, &none, SIDE_TARGET, &s.trust);
    ladder_judge(&ladder, &report);
    CU_ASSERT_EQUAL(ladder.n, 3);
    CU_ASSERT_FALSE(ladder.rung[0].match || ladder.rung[1].match || ladder.rung[2].match);
    CU_ASSERT_PTR_NOT_NULL(report_find(&report, E_LADDER_DEPTH));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(leaves_are_not_compared_by_name),
        TEST(four_kinds_of_key_are_told_apart),
        TEST(a_rekeyed_ca_is_a_warning_that_says_so),
        TEST(a_name_that_only_looks_equal_shows_the_code_points),
        TEST(the_extra_rung_is_named_with_its_side),
        TEST(the_order_of_presentation_does_not_matter),
        TEST(one_side_alone_matches_nothing),
    };

    return run_tests("ladder", tests, COUNT(tests));
}
