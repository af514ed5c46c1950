/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/origins.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#include <stdio.h>

static void an_address_has_one_place(void)
{
    struct origins origins;

    origins_open(&origins);
    CU_ASSERT_PTR_EQUAL(origin_of(&origins, "192.0.2.1", 0),
                        origin_of(&origins, "192.0.2.1", 9));
    CU_ASSERT_PTR_NOT_EQUAL(origin_of(&origins, "192.0.2.1", 0),
                            origin_of(&origins, "192.0.2.2", 0));
    origins_close(&origins);
}

static void what_came_lately_counts_less_and_less(void)
{
    struct origins origins;
    struct origin *origin;

    origins_open(&origins);
    origin = origin_of(&origins, "192.0.2.1", 0);
    for (int i = 0; i < 8; i++)
        origin_count(origin, 100);
    CU_ASSERT_EQUAL(origin_lately(origin, LATELY_HALVES_MS - 1), 8);
    CU_ASSERT_EQUAL(origin_lately(origin, LATELY_HALVES_MS), 4);
    CU_ASSERT_EQUAL(origin_lately(origin, 7 * LATELY_HALVES_MS / 2), 1);
    CU_ASSERT_EQUAL(origin_lately(origin, 1000 * LATELY_HALVES_MS), 0);
    origins_close(&origins);
}

/* As many addresses as there are places, the first busy, the second known. */
static void fill(struct origins *origins)
{
    char host[ORIGIN_HOST_MAX];

    for (unsigned i = 0; i < ORIGINS_MAX; i++) {
        snprintf(host, sizeof(host), "10.0.%u.%u", i >> 8, i & 255);
        (void)origin_of(origins, host, 1000 + i);
    }
    origins->at[0].waiting = 1;
    origins->at[1].known_until_ms = 60000;
}

static void whoever_is_gone_longest_is_forgotten(void)
{
    struct origins origins;

    origins_open(&origins);
    fill(&origins);
    CU_ASSERT_PTR_EQUAL(origin_of(&origins, "192.0.2.1", 50000), &origins.at[2]);
    CU_ASSERT_STRING_EQUAL(origins.at[2].host, "192.0.2.1");
    CU_ASSERT_PTR_EQUAL(origin_of(&origins, "192.0.2.2", 50001), &origins.at[3]);
    origins_close(&origins);
}

static void who_is_known_is_forgotten_like_others_once_it_is_not(void)
{
    struct origins origins;

    origins_open(&origins);
    fill(&origins);
    CU_ASSERT_TRUE(origin_is_known(&origins.at[1], 59999));
    CU_ASSERT_FALSE(origin_is_known(&origins.at[1], 60000));
    CU_ASSERT_PTR_EQUAL(origin_of(&origins, "192.0.2.1", 60000), &origins.at[1]);
    origins_close(&origins);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(an_address_has_one_place),
        TEST(what_came_lately_counts_less_and_less),
        TEST(whoever_is_gone_longest_is_forgotten),
        TEST(who_is_known_is_forgotten_like_others_once_it_is_not),
    };

    return run_tests("origins", tests, COUNT(tests));
}
