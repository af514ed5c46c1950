/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/receipt.h"

#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const struct notice notice = {
    .migration = "m-1", .generation = 1, .epoch = 7, .at = 1813060800, .key = {{255}}};

static void a_notice_reads_as_it_was_written(void)
{
    scoped(buf_clear) struct buf body = buf_upto(STATEMENT_BODY_MAX);
    struct notice read;
    struct error err = {0};

    CU_ASSERT_FATAL(notice_write(&body, &notice, &err));
    CU_ASSERT_FATAL(notice_read(&read, buf_span(&body), &err));
    CU_ASSERT(text_equal(read.migration, "m-1") && read.at == notice.at);
    CU_ASSERT(read.generation == 1 && read.epoch == 7);
    CU_ASSERT(digest_equal(&read.key, &notice.key));
}

static void a_notice_says_what_it_is(void)
{
    scoped(buf_clear) struct buf body = buf_upto(STATEMENT_BODY_MAX);
    struct receipt receipt;
    struct error err = {0};

    CU_ASSERT_FATAL(notice_write(&body, &notice, &err));
    CU_ASSERT(span_starts(buf_span(&body), "{\"format\":\"pairgate notice v1\""));
    CU_ASSERT_FALSE(receipt_read(&receipt, buf_span(&body), &err));
    CU_ASSERT_EQUAL(err.msg, E_STATEMENT_BAD);
}

static void a_name_that_is_no_utf8_survives(void)
{
    scoped(buf_clear) struct buf body = buf_upto(STATEMENT_BODY_MAX);
    struct receipt receipt = {.migration = "m-1", .name = "a\xff\xfe"};
    struct receipt read;
    struct error err = {0};
    size_t where;

    receipt.terms.generation = 1;
    CU_ASSERT_FATAL(receipt_write(&body, &receipt, &err));
    CU_ASSERT(span_find(buf_span(&body), "\"name\":{\"b64\":\"Yf/+\"}", &where));
    CU_ASSERT_FATAL(receipt_read(&read, buf_span(&body), &err));
    CU_ASSERT_STRING_EQUAL(read.name, receipt.name);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_notice_reads_as_it_was_written),
        TEST(a_notice_says_what_it_is),
        TEST(a_name_that_is_no_utf8_survives),
    };

    return run_tests("receipt_json", tests, COUNT(tests));
}
