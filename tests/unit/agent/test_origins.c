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
    for (int i = 0; i < 9; i++)
        origin_count(origin, 100);
    origin_discount(origin, 100);
    CU_ASSERT_EQUAL(origin_lately(origin, LATELY_STEP_MS - 1), 8);
    CU_ASSERT_EQUAL(origin_lately(origin, 4000), 6);
    CU_ASSERT_EQUAL(origin_lately(origin, 8000), 4);
    CU_ASSERT_EQUAL(origin_lately(origin, 24000), 1);
    CU_ASSERT_EQUAL(origin_lately(origin, 86400000), 0);
    origin_discount(origin, 86400000);
    CU_ASSERT_EQUAL(origin_lately(origin, 86400000), 0);
    origins_close(&origins);
}

static void what_came_in_vain_fades_as_well(void)
{
    struct origins origins;
    struct origin *origin;

    origins_open(&origins);
    origin = origin_of(&origins, "192.0.2.1", 0);
    for (int i = 0; i < 8; i++)
        origin_blame(origin, 100);
    CU_ASSERT_EQUAL(origin_lately(origin, 100), 0);
    CU_ASSERT_EQUAL(origin_in_vain(origin, 100), 8);
    CU_ASSERT_EQUAL(origin_in_vain(origin, 8000), 4);
    CU_ASSERT_EQUAL(origin_in_vain(origin, 86400000), 0);
    origins_close(&origins);
}

static void whoever_comes_less_often_counts_less_at_any_time(void)
{
    struct origins origins;
    struct origin *often, *seldom;

    origins_open(&origins);
    often = origin_of(&origins, "192.0.2.1", 4000);
    seldom = origin_of(&origins, "192.0.2.2", 0);
    for (int64_t now = 4000; now < 60000; now += 100) {
        if (now % 300 == 0)
            origin_count(often, now);
        if (now % 600 == 0)
            origin_count(seldom, now);
        CU_ASSERT(origin_lately(seldom, now) <= origin_lately(often, now) + 1);
    }
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

static void of_ipv6_the_network_counts(void)
{
    static const struct {
        const char *host, *shown;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"2001:db8:1:2::", "2001:db8:1:2::/64"},
        {"fe80::1%eth0", "fe80::/64"},
        {"::1", "::1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"?", "?"},
        {"", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char shown[ORIGIN_HOST_MAX], same[ORIGIN_HOST_MAX];

        origin_show(shown, cases[i].host);
        CU_ASSERT_STRING_EQUAL(shown, cases[i].shown);
        (void)text_fits(same, cases[i].host);
        origin_show(same, same);
        CU_ASSERT_STRING_EQUAL(same, cases[i].shown);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(of_ipv6_the_network_counts),
        TEST(an_address_has_one_place),
        TEST(what_came_lately_counts_less_and_less),
        TEST(what_came_in_vain_fades_as_well),
        TEST(whoever_comes_less_often_counts_less_at_any_time),
        TEST(whoever_is_gone_longest_is_forgotten),
        TEST(who_is_known_is_forgotten_like_others_once_it_is_not),
    };

    return run_tests("origins", tests, COUNT(tests));
}
