/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/passing.h"

#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static void several_bodies_count_in_one_sum(void)
{
    _Atomic uint64_t sum = 0;
    struct passing one, two;

    passing_begin(&one, &sum, 100, 100);
    passing_begin(&two, &sum, 50, 50);
    passing_reach(&one, 30);
    passing_reach(&two, 5);
    passing_reach(&one, 40);
    CU_ASSERT_EQUAL(sum, 45);
    passing_end(&one);
    CU_ASSERT_EQUAL(sum, 5);
}

static void a_packed_body_counts_as_what_it_stands_for(void)
{
    _Atomic uint64_t sum = 0;
    struct passing passing;

    passing_begin(&passing, &sum, 1000, 4194304);
    passing_reach(&passing, 500);
    CU_ASSERT_EQUAL(sum, 2097152);
    passing_reach(&passing, 1000);
    CU_ASSERT_EQUAL(sum, 4194304);
}

static void a_body_that_begins_anew_counts_once(void)
{
    _Atomic uint64_t sum = 7;
    struct passing passing;

    passing_begin(&passing, &sum, 100, 100);
    passing_reach(&passing, 80);
    passing_reach(&passing, 0);
    CU_ASSERT_EQUAL(sum, 7);
    passing_reach(&passing, 20);
    passing_end(&passing);
    CU_ASSERT_EQUAL(sum, 7);
    passing_end(&passing);
    CU_ASSERT_EQUAL(sum, 7);
}

static void what_nobody_watches_or_is_empty_counts_nothing(void)
{
    _Atomic uint64_t sum = 0;
    struct passing passing;

    passing_begin(&passing, NULL, 100, 100);
    passing_reach(&passing, 80);
    passing_end(&passing);
    passing_begin(&passing, &sum, 0, 0);
    passing_reach(&passing, 0);
    CU_ASSERT_EQUAL(sum, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(several_bodies_count_in_one_sum),
        TEST(a_packed_body_counts_as_what_it_stands_for),
        TEST(a_body_that_begins_anew_counts_once),
        TEST(what_nobody_watches_or_is_empty_counts_nothing),
    };

    return run_tests("passing", tests, COUNT(tests));
}
