/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/owner_map.h"

#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

/* Who `name` (or the number `id`) is under the rule. */
static const char *mapped(const char *rule, enum owner_kind kind, const char *name,
                          uint32_t id)
{
    static char shown[OWNER_NAME_MAX + 16];
    static struct owner_map map;
    struct span who = span_text(name);
    struct error err = {0};

    map = (struct owner_map){0};
    CU_ASSERT_FATAL(owner_map_add(&map, rule, &err));
    owner_map_apply(&map, kind, &who, &id);
    snprintf(shown, sizeof(shown), "%.*s/%u", (int)who.n, (const char *)who.at, id);
    return shown;
}

static void names_and_numbers_are_mapped(void)
{
    CU_ASSERT_STRING_EQUAL(mapped("a:b", OWNER_USER, "a", 7), "b/7");
    CU_ASSERT_STRING_EQUAL(mapped("a:b", OWNER_GROUP, "a", 7), "b/7");
    CU_ASSERT_STRING_EQUAL(mapped("a:9", OWNER_USER, "a", 7), "/9");
    CU_ASSERT_STRING_EQUAL(mapped("7:b", OWNER_USER, "a", 7), "b/7");
    CU_ASSERT_STRING_EQUAL(mapped("7:0", OWNER_GROUP, "", 7), "/0");
    CU_ASSERT_STRING_EQUAL(mapped("c:b", OWNER_USER, "a", 7), "a/7");
}

static void a_rule_may_be_about_one_kind(void)
{
    CU_ASSERT_STRING_EQUAL(mapped("user:a:b", OWNER_USER, "a", 7), "b/7");
    CU_ASSERT_STRING_EQUAL(mapped("user:a:b", OWNER_GROUP, "a", 7), "a/7");
    CU_ASSERT_STRING_EQUAL(mapped("group:a:b", OWNER_GROUP, "a", 7), "b/7");
    CU_ASSERT_STRING_EQUAL(mapped("group:a:b", OWNER_USER, "a", 7), "a/7");
}

static void the_first_rule_that_fits_counts(void)
{
    struct owner_map map = {0};
    struct span who = span_text("a");
    struct error err = {0};
    uint32_t id = 7;

    CU_ASSERT_FATAL(owner_map_add(&map, "a:b", &err) && owner_map_add(&map, "b:c", &err) &&
                    owner_map_add(&map, "a:d", &err));
    owner_map_apply(&map, OWNER_USER, &who, &id);
    CU_ASSERT(span_equal(who, span_text("b")));
}

static void what_is_no_rule_is_refused(void)
{
    static const char *const rows[] = {"", "a", "a:", ":b", "a:b:c", "user:a", "user:"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct owner_map map = {0};
        struct error err = {0};

        CU_ASSERT_FALSE(owner_map_add(&map, rows[i], &err));
        CU_ASSERT_EQUAL(err.msg, E_OWNER_MAP);
    }
}

static void a_rule_is_shown_as_it_is_read(void)
{
    static const char *const rows[] = {"a:b", "user:1:2", "group:x:3"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct owner_map map = {0};
        struct error err = {0};
        char shown[OWNER_RULE_TEXT_MAX];

        CU_ASSERT_FATAL(owner_map_add(&map, rows[i], &err));
        owner_rule_show(shown, &map.rule[0]);
        CU_ASSERT_STRING_EQUAL(shown, rows[i]);
    }
}

static bool are_equal(const char *one, const char *other)
{
    struct owner_map a = {0}, b = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(owner_map_add(&a, "x:y", &err) && owner_map_add(&b, "x:y", &err));
    CU_ASSERT_FATAL(one == NULL || owner_map_add(&a, one, &err));
    CU_ASSERT_FATAL(other == NULL || owner_map_add(&b, other, &err));
    return owner_map_equal(&a, &b);
}

static void maps_of_the_same_rules_are_equal(void)
{
    CU_ASSERT(are_equal(NULL, NULL));
    CU_ASSERT(are_equal("a:b", "a:b"));
    CU_ASSERT_FALSE(are_equal("a:b", NULL));
    CU_ASSERT_FALSE(are_equal(NULL, "a:b"));
    CU_ASSERT_FALSE(are_equal("a:b", "a:c"));
    CU_ASSERT_FALSE(are_equal("user:a:b", "group:a:b"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(names_and_numbers_are_mapped),    TEST(a_rule_may_be_about_one_kind),
        TEST(the_first_rule_that_fits_counts), TEST(what_is_no_rule_is_refused),
        TEST(a_rule_is_shown_as_it_is_read),   TEST(maps_of_the_same_rules_are_equal),
    };

    return run_tests("owner_map", tests, COUNT(tests));
}
