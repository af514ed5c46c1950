/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/bundle.h"

#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static bool read_case(struct chain *out, struct report *notes, const char *folder,
                      struct error *err)
{
    scoped(buf_clear) struct buf file = {0};

    case_file(&file, folder);
    return bundle_read(out, buf_span(&file), notes, err);
}

static void each_certificate_is_there_once(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report notes = {0};
    struct error err = {0};

    CU_ASSERT_TRUE(read_case(&chain, &notes, "good", &err));
    CU_ASSERT_TRUE(read_case(&chain, &notes, "good", &err));
    CU_ASSERT_EQUAL(chain.n, 3);
    CU_ASSERT_EQUAL(notes.n, 0);
}

static void more_than_a_chain_holds_is_read(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report notes = {0};
    struct error err = {0};
    static const char *const folders[] = {
        "depth-100", "depth-12", "depth-11", "good-10-certificates", "good", "good-p384"};

    for (size_t i = 0; i < COUNT(folders); i++)
        CU_ASSERT_TRUE(read_case(&chain, &notes, folders[i], &err));
    CU_ASSERT_TRUE(chain.n > CHAIN_READ_MAX);
}

static void one_that_cannot_be_read_is_left_out(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report notes = {0};
    struct error err = {0};

    CU_ASSERT_TRUE(read_case(&chain, &notes, "malformed-boolean-01", &err));
    CU_ASSERT_TRUE(chain.n > 0);
    CU_ASSERT_EQUAL_FATAL(notes.n, 1);
    CU_ASSERT_EQUAL(notes.item[0].msg, E_ANCHOR_SKIPPED);
    CU_ASSERT_EQUAL(notes.item[0].severity, SEVERITY_NOTE);
}

static void a_file_without_any_is_refused(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report notes = {0};
    struct error der = {0}, none = {0};

    CU_ASSERT_FALSE(read_case(&chain, &notes, "encoding-der", &der));
    CU_ASSERT_EQUAL(der.msg, E_PEM_DER);
    CU_ASSERT_FALSE(bundle_read(&chain, span_text("no certificate\n"), &notes, &none));
    CU_ASSERT_EQUAL(none.msg, E_PEM_NONE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_certificate_is_there_once),
        TEST(more_than_a_chain_holds_is_read),
        TEST(one_that_cannot_be_read_is_left_out),
        TEST(a_file_without_any_is_refused),
    };

    return run_tests("bundle", tests, COUNT(tests));
}
