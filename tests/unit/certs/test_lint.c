/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/lint.h"

#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

static bool is_advised(const char *folder, enum msg msg)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};

    case_chain(&chain, folder);
    lint_judge(&report, &chain);
    CU_ASSERT_EQUAL(report_errors(&report), 0);
    return report_find(&report, msg) != NULL;
}

static void each_advice_has_its_chain(void)
{
    static const struct {
        const char *folder;
        enum msg msg;
    } rows[] = {
        {"good", E_LINT_CLIENT_AUTH},
        {"key-usage-ec-with-encipherment", E_LINT_KEY_USAGE},
        {"issuer-ca-leaf-is-ca", E_LINT_KEY_USAGE},
        {"time-format-generalized-before-2050", E_LINT_TIME},
        {"subject-alt-name-absent", E_LINT_SAN},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_TRUE(is_advised(rows[i].folder, rows[i].msg));
        if (!is_advised(rows[i].folder, rows[i].msg))
            fprintf(stderr, "%s\n", rows[i].folder);
    }
}

/* A good chain with its leaf's facts changed. */
static const struct error *advice_with(struct report *report, struct chain *chain,
                                       enum msg msg)
{
    report_clear(report);
    lint_judge(report, chain);
    CU_ASSERT_EQUAL(report_errors(report), 0);
    return report_find(report, msg);
}

static void facts_of_the_leaf_are_judged(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};

    case_chain(&chain, "good");
    chain.cert[0].ku |= KU_DATA_ENCIPHERMENT;
    CU_ASSERT_PTR_NOT_NULL(advice_with(&report, &chain, E_LINT_KEY_USAGE));
    chain.cert[0].not_after.at = chain.cert[0].not_before.at + 398 * 86400L - 1;
    CU_ASSERT_PTR_NULL(advice_with(&report, &chain, E_LINT_LIFETIME));
    chain.cert[0].not_after.at += 1;
    CU_ASSERT_PTR_NOT_NULL(advice_with(&report, &chain, E_LINT_LIFETIME));
    chain.cert[0].serial = span_text("\x01");
    CU_ASSERT_PTR_NOT_NULL(advice_with(&report, &chain, E_LINT_SERIAL));
    chain.cert[0].aki = span_text("another");
    CU_ASSERT_PTR_NOT_NULL(advice_with(&report, &chain, E_LINT_KEY_ID));
    chain.cert[2].has_eku = true;
    CU_ASSERT_PTR_NOT_NULL(advice_with(&report, &chain, E_LINT_ROOT));
}

static void what_verify_refuses_is_a_warning(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    const struct error *found;

    case_chain(&chain, "good");
    chain.cert[1].has_ski = false;
    found = advice_with(&report, &chain, E_FORM_KEY_ID);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_EQUAL(found->severity, SEVERITY_WARNING);
}

/* "Root" with a Cyrillic letter in place of the o. */
static void a_name_that_only_looks_equal_is_told(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    const struct error *found;

    case_chain(&chain, "good");
    chain.cert[0].issuer =
        span_text("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02Mo");
    chain.cert[1].subject =
        span_text("\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03M\xd0\xbe");
    found = advice_with(&report, &chain, E_LINT_LOOKALIKE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_EQUAL(found->severity, SEVERITY_WARNING);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_advice_has_its_chain),
        TEST(facts_of_the_leaf_are_judged),
        TEST(what_verify_refuses_is_a_warning),
        TEST(a_name_that_only_looks_equal_is_told),
    };

    return run_tests("lint", tests, COUNT(tests));
}
