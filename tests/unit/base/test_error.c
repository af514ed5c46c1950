/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>

static void the_first_failure_wins(void)
{
    struct error err = {0};

    CU_ASSERT_FALSE(fail(&err, E_TOO_LARGE, "one"));
    CU_ASSERT_FALSE(fail(&err, E_DB, "two"));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
    CU_ASSERT_STRING_EQUAL(err.about, "one");
}

static void ids_are_unique_and_every_message_has_a_remedy(void)
{
    for (size_t i = 1; i < MSG_COUNT; i++) {
        const struct message *message = message_of((enum msg)i);

        CU_ASSERT_EQUAL(message_by_id(message->id), i);
        CU_ASSERT(strlen(message->text) > 10 && strlen(message->remedy) > 10);
        CU_ASSERT(text_ends(message->text, "."));
    }
    CU_ASSERT_EQUAL(message_by_id("PGX9999"), E_NONE);
}

static void the_words_of_ome_are_those_of_the_documents(void)
{
    CU_ASSERT_STRING_EQUAL(ome_words_of(OME_CSR_KEY)->argument, "Invalid CSR key.");
    CU_ASSERT_STRING_EQUAL(ome_words_of(OME_CHAIN)->argument,
                           "Invalid certificate chain provided.");
    CU_ASSERT_STRING_EQUAL(
        ome_words_of(OME_EKU)->argument,
        "No Client/Server authentication EKU present in leaf certificate.");
    CU_ASSERT_STRING_EQUAL(ome_words_of(OME_WEB_SERVER)->argument,
                           "User Certificate is not a web server certificate.");
    CU_ASSERT_STRING_EQUAL(ome_words_of(OME_NAME)->id, "CGEN6002");
    CU_ASSERT_PTR_NULL(ome_words_of(OME_FILE)->argument);
    CU_ASSERT_PTR_NULL(ome_words_of(OME_NONE));
}

static void a_report_keeps_its_limit_and_counts_the_rest(void)
{
    scoped(report_clear) struct report report = {0};
    struct error finding = {.msg = E_DB};

    for (size_t i = 0; i < REPORT_MAX + 3; i++)
        report_add(&report, &finding);
    CU_ASSERT_EQUAL(report.n, REPORT_MAX);
    CU_ASSERT_EQUAL(report.dropped, 3);
    CU_ASSERT_EQUAL(report_errors(&report), REPORT_MAX + 3);
}

static void only_errors_refuse(void)
{
    scoped(report_clear) struct report report = {0};
    struct error warning = {.msg = E_DB, .severity = SEVERITY_WARNING};

    report_add(&report, &warning);
    CU_ASSERT_EQUAL(report_errors(&report), 0);
    CU_ASSERT_PTR_NOT_NULL(report_find(&report, E_DB));
    CU_ASSERT_PTR_NULL(report_find(&report, E_TIME));
}

static void kinds_give_the_exit_status_of_the_contract(void)
{
    CU_ASSERT_EQUAL(error_exit_status(&(struct error){0}), 0);
    CU_ASSERT_EQUAL(error_exit_status(&(struct error){.msg = E_PAIR_REFUSED}), 1);
    CU_ASSERT_EQUAL(error_exit_status(&(struct error){.msg = E_DB}), 2);
    CU_ASSERT_EQUAL(error_exit_status(&(struct error){.msg = E_USAGE}), 64);
}

static void a_rung_of_zero_is_told_from_none(void)
{
    struct error leaf = {0}, none = {0};

    fail_at(&leaf, E_DB, 0, "x");
    fail(&none, E_DB, "x");
    CU_ASSERT(leaf.has_rung && leaf.rung == 0);
    CU_ASSERT_FALSE(none.has_rung);
}

static void the_first_error_is_no_warning(void)
{
    scoped(report_clear) struct report report = {0};
    struct error warning = {.msg = E_DB, .severity = SEVERITY_WARNING};
    struct error first = {.msg = E_USAGE}, second = {.msg = E_DB};

    report_add(&report, &warning);
    CU_ASSERT_EQUAL(report_first_error(&report)->msg, E_DB);
    report_add(&report, &first);
    report_add(&report, &second);
    CU_ASSERT_EQUAL(report_first_error(&report)->msg, E_USAGE);
}

static void a_lack_of_descriptors_is_told_whatever_was_opened(void)
{
    struct error few = {0}, gone = {0};

    errno = EMFILE;
    CU_ASSERT_FALSE(fail_errno(&few, E_FILE_READ, "a file"));
    CU_ASSERT_EQUAL(few.msg, E_NO_DESCRIPTOR);
    CU_ASSERT_STRING_EQUAL(few.about, "a file: Too many open files");
    errno = ENOENT;
    CU_ASSERT_FALSE(fail_errno(&gone, E_FILE_READ, "a file"));
    CU_ASSERT_EQUAL(gone.msg, E_FILE_READ);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_first_failure_wins),
        TEST(ids_are_unique_and_every_message_has_a_remedy),
        TEST(the_words_of_ome_are_those_of_the_documents),
        TEST(a_report_keeps_its_limit_and_counts_the_rest),
        TEST(only_errors_refuse),
        TEST(the_first_error_is_no_warning),
        TEST(kinds_give_the_exit_status_of_the_contract),
        TEST(a_rung_of_zero_is_told_from_none),
        TEST(a_lack_of_descriptors_is_told_whatever_was_opened),
    };

    return run_tests("error", tests, COUNT(tests));
}
