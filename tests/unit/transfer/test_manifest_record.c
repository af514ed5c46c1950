/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/manifest_form.h"

#include "tests/support/run.h"

#include <CUnit/CUnit.h>

/* The bytes docs/protocol.md 5 promises. */
static void a_link_is_encoded_as_documented(void)
{
    static const unsigned char expected[] = {
        0, 0,          0, 16,            /* length of the rest */
        0, ENTRY_LINK,                   /* kind */
        0, 1,          0, 0,  0, 1, 'b', /* path */
        0, 4,          0, 0,  0, 1, 'a', /* first link */
    };
    const struct entry link = {
        .kind = ENTRY_LINK, .path = span_text("b"), .target = span_text("a")};
    scoped(buf_clear) struct buf record = buf_upto(64);
    struct error err = {0};

    CU_ASSERT_FATAL(record_encode(&record, &link, &err));
    CU_ASSERT(span_equal(buf_span(&record), span_of(expected, sizeof(expected))));
}

static void what_says_nothing_is_left_out(void)
{
    const struct entry file = {.kind = ENTRY_FILE, .path = span_text("f")};
    scoped(buf_clear) struct buf record = buf_upto(128);
    struct error err = {0};

    CU_ASSERT_FATAL(record_encode(&record, &file, &err));
    CU_ASSERT_EQUAL(record.n, 4 + 2 + 7 + 30 + 22);
}

static void a_record_larger_than_a_page_is_refused(void)
{
    const struct entry file = {.kind = ENTRY_FILE, .path = span_text("f")};
    scoped(buf_clear) struct buf record = buf_upto(32);
    struct error err = {0};

    CU_ASSERT_FALSE(record_encode(&record, &file, &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_link_is_encoded_as_documented),
        TEST(what_says_nothing_is_left_out),
        TEST(a_record_larger_than_a_page_is_refused),
    };

    return run_tests("manifest_record", tests, COUNT(tests));
}
