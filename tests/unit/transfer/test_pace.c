/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/pace.h"

#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <time.h>

static double seconds_for(uint64_t rate, size_t portions, size_t n)
{
    scoped(pace_end) struct pace pace;
    struct timespec begun, ended;

    pace_begin(&pace, rate);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (size_t i = 0; i < portions; i++)
        pace_take(&pace, n);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    return (double)(ended.tv_sec - begun.tv_sec) +
           (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
}

static void a_rate_is_held(void)
{
    const double seconds = seconds_for(1000000, 50, 10000);

    CU_ASSERT(seconds > 0.45 && seconds < 0.8);
}

static void without_a_rate_nothing_waits(void)
{
    CU_ASSERT(seconds_for(0, 1000, 1000000) < 0.2);
}

static void no_portion_takes_long(void)
{
    scoped(pace_end) struct pace slow;
    scoped(pace_end) struct pace fast;
    scoped(pace_end) struct pace none;

    pace_begin(&slow, 1600);
    pace_begin(&fast, 16000000);
    pace_begin(&none, 0);
    CU_ASSERT_EQUAL(pace_portion(&slow, 65536), 1024);
    CU_ASSERT_EQUAL(pace_portion(&slow, 10), 10);
    CU_ASSERT_EQUAL(pace_portion(&fast, 65536), 65536);
    CU_ASSERT_EQUAL(pace_portion(&fast, 4000000), 1000000);
    CU_ASSERT_EQUAL(pace_portion(&none, 4000000), 4000000);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_rate_is_held),
        TEST(without_a_rate_nothing_waits),
        TEST(no_portion_takes_long),
    };

    return run_tests("pace", tests, COUNT(tests));
}
