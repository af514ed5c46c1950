/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/view_text.h"
#include "base/text.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define TEXT_MAX 16384

/* A stream whose text is in `at` once it is closed. */
struct page {
    char at[TEXT_MAX];
    FILE *stream;
};

static void page_open(struct page *page)
{
    memset(page, 0, sizeof(*page));
    page->stream = fmemopen(page->at, sizeof(page->at) - 1, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(page->stream);
}

static bool page_has(struct page *page, const char *text)
{
    fflush(page->stream);
    return strstr(page->at, text) != NULL;
}

static void a_failure_has_id_sentence_detail_and_remedy(void)
{
    struct error err = {0};
    struct page page;

    page_open(&page);
    fail(&err, E_CA_MISSING, "the detail");
    view_text_failure(page.stream, &err);
    CU_ASSERT(page_has(&page, "pairgate: PGC2040: There is no CA"));
    CU_ASSERT(page_has(&page, "\n  the detail\n"));
    CU_ASSERT(page_has(&page, "\n  Remedy: Run `pairgate ca init`.\n"));
    fclose(page.stream);
}

static void text_from_outside_cannot_move_the_cursor(void)
{
    struct error err = {0};
    struct page page;

    page_open(&page);
    fail(&err, E_CA_MISSING, "a\x1b[2Jb\nc\xe2\x80\xae");
    view_text_failure(page.stream, &err);
    view_text_finding(page.stream, &err);
    CU_ASSERT_FALSE(page_has(&page, "\x1b"));
    CU_ASSERT_FALSE(page_has(&page, "b\nc"));
    CU_ASSERT_FALSE(page_has(&page, "\xe2\x80\xae"));
    fclose(page.stream);
}

static void a_finding_says_where(void)
{
    struct error finding = {0};
    struct page page;

    page_open(&page);
    fail_at(&finding, E_CA_MISSING, 2, "x");
    finding.side = SIDE_TARGET;
    view_text_finding(page.stream, &finding);
    CU_ASSERT(page_has(&page, "error: PGC2040, target, rung 2\n"));
    fclose(page.stream);
}

static void the_worst_come_first(void)
{
    struct error warning = {0}, error = {0};
    scoped(report_clear) struct report report = {0};
    struct page page;

    page_open(&page);
    fail(&warning, E_CA_MISSING, "w");
    warning.severity = SEVERITY_WARNING;
    fail(&error, E_CA_EXISTS, "e");
    report_add(&report, &warning);
    report_add(&report, &error);
    view_text_report(page.stream, &report);
    fflush(page.stream);
    CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(page.at, "error: PGC2041"));
    CU_ASSERT(strstr(page.at, "error: PGC2041") < strstr(page.at, "warning: PGC2040"));
    fclose(page.stream);
}

static void nothing_found_is_said(void)
{
    const struct report report = {0};
    struct page page;

    page_open(&page);
    view_text_report(page.stream, &report);
    CU_ASSERT(page_has(&page, "No findings.\n"));
    fclose(page.stream);
}

static void a_ladder_has_a_row_a_rung(void)
{
    scoped(chain_clear) struct chain chain = {0};
    struct page page;
    size_t lines = 0;

    case_chain(&chain, "good-ec-3-rungs");
    page_open(&page);
    view_text_ladder(page.stream, &chain);
    fflush(page.stream);
    for (const char *c = page.at; *c != '\0'; c++)
        lines += *c == '\n';
    CU_ASSERT_EQUAL(lines, 1 + chain.n);
    for (size_t i = 0; i < chain.n; i++) {
        char until[TIME_TEXT_MAX];

        text_show_time(until, chain.cert[i].not_after.at);
        CU_ASSERT(page_has(&page, cert_issued_to(&chain.cert[i])));
        CU_ASSERT(page_has(&page, until));
    }
    fclose(page.stream);
}

static void two_leaves_are_both_rung_0(void)
{
    scoped(chain_clear) struct chain chain = {0}, other = {0};
    struct leaves leaves;
    struct page page;

    case_chain(&chain, "good-ec-3-rungs");
    case_chain(&other, "good-rsa-2048");
    leaves = leaves_two(&chain, &other);
    page_open(&page);
    view_text_leaves(page.stream, &leaves);
    CU_ASSERT(page_has(&page, ", server\n   0  "));
    CU_ASSERT(page_has(&page, ", client\n   1  "));
    fclose(page.stream);
}

static void names_of_a_narrow_ladder_are_whole_and_plain(void)
{
    scoped(chain_clear) struct chain chain = {0}, other = {0};
    struct leaves leaves;
    struct page page;

    case_chain(&chain, "good-ec-3-rungs");
    case_chain(&other, "good-rsa-2048");
    leaves = leaves_two(&chain, &other);
    (void)text_fits(chain.cert[2].cn, "a name of several words \x1b[2J");
    page_open(&page);
    view_text_rungs(page.stream, &leaves, false, 16);
    CU_ASSERT(page_has(&page, "Rung 0, server\n  Issued To:\n    "));
    CU_ASSERT(page_has(&page, "Rung 0, client\n  Issued To:\n    "));
    CU_ASSERT(
        page_has(&page, "Rung 2\n  Issued To: a\n    name of\n    several\n    words"));
    CU_ASSERT_FALSE(page_has(&page, "\x1b"));
    fclose(page.stream);
}

static void names_alone_are_both_of_every_rung(void)
{
    scoped(chain_clear) struct chain chain = {0};
    struct leaves leaves;
    struct page page;

    case_chain(&chain, "good-ec-3-rungs");
    leaves = leaves_one(&chain);
    page_open(&page);
    view_text_rungs(page.stream, &leaves, true, 71);
    CU_ASSERT(page_has(&page, "  Issued By: "));
    CU_ASSERT_FALSE(page_has(&page, "Rung"));
    CU_ASSERT_FALSE(page_has(&page, "Valid"));
    fclose(page.stream);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_failure_has_id_sentence_detail_and_remedy),
        TEST(text_from_outside_cannot_move_the_cursor),
        TEST(a_finding_says_where),
        TEST(the_worst_come_first),
        TEST(nothing_found_is_said),
        TEST(a_ladder_has_a_row_a_rung),
        TEST(two_leaves_are_both_rung_0),
        TEST(names_of_a_narrow_ladder_are_whole_and_plain),
        TEST(names_alone_are_both_of_every_rung),
    };

    return run_tests("view_text", tests, COUNT(tests));
}
