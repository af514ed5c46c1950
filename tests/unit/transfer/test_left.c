/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/left.h"

#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const struct left_behind some = {
    .told = true, .sockets = 1, .pipes = 2, .devices = 1ULL << 40, .skipped = 4};

static void what_was_told_reads_as_it_was_written(void)
{
    scoped(buf_clear) struct buf bytes = buf_upto(64);
    struct left_behind read;
    struct error err = {0};

    CU_ASSERT_FATAL(left_behind_encode(&bytes, &some, &err));
    CU_ASSERT_FATAL(left_behind_decode(&read, buf_span(&bytes)));
    CU_ASSERT(left_behind_equal(&read, &some));
    CU_ASSERT(left_behind_any(&read));
    CU_ASSERT_FALSE(left_behind_decode(&read, span_head(buf_span(&bytes), bytes.n - 1)));
}

static void nothing_said_is_not_none_left(void)
{
    scoped(buf_clear) struct buf bytes = buf_upto(64);
    const struct left_behind none = {.told = true}, unsaid = {0};
    struct left_behind read;
    struct error err = {0};

    CU_ASSERT_FATAL(left_behind_encode(&bytes, &unsaid, &err));
    CU_ASSERT_EQUAL(bytes.n, 0);
    CU_ASSERT_FATAL(left_behind_decode(&read, buf_span(&bytes)));
    CU_ASSERT(left_behind_equal(&read, &unsaid));
    CU_ASSERT_FALSE(left_behind_equal(&none, &unsaid));
    CU_ASSERT_FALSE(left_behind_any(&none));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_told_reads_as_it_was_written),
        TEST(nothing_said_is_not_none_left),
    };

    return run_tests("left", tests, COUNT(tests));
}
