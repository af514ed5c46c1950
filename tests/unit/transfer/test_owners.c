/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/owners.h"

#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define NOBODY_HAS 3999999999U

static void numbers_have_names(void)
{
    struct owners owners = {0};

    CU_ASSERT(span_equal(owners_user(&owners, 0), span_text("root")));
    CU_ASSERT(span_equal(owners_user(&owners, 0), span_text("root")));
    CU_ASSERT(span_equal(owners_group(&owners, 0), span_text("root")));
    CU_ASSERT_EQUAL(owners.users, 1);
    CU_ASSERT_EQUAL(owners_user(&owners, NOBODY_HAS).n, 0);
    CU_ASSERT_EQUAL(owners_user(&owners, NOBODY_HAS).n, 0);
    CU_ASSERT_EQUAL(owners.users, 2);
}

static void names_have_numbers_or_the_given_one(void)
{
    struct owners owners = {0};

    CU_ASSERT_EQUAL(owners_uid(&owners, span_text("root"), 5), 0);
    CU_ASSERT_EQUAL(owners_gid(&owners, span_text("root"), 5), 0);
    CU_ASSERT_EQUAL(owners_uid(&owners, span_text("nobody-of-that-name"), 5), 5);
    CU_ASSERT_EQUAL(owners_uid(&owners, span_text("nobody-of-that-name"), 6), 6);
    CU_ASSERT_EQUAL(owners_uid(&owners, (struct span){0}, 7), 7);
}

static void more_than_are_remembered_are_asked_for_again(void)
{
    struct owners owners = {0};

    for (uint32_t i = 0; i < 3 * OWNERS_MAX; i++)
        CU_ASSERT_EQUAL(owners_user(&owners, NOBODY_HAS + i).n, 0);
    CU_ASSERT(span_equal(owners_user(&owners, 0), span_text("root")));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(numbers_have_names),
        TEST(names_have_numbers_or_the_given_one),
        TEST(more_than_are_remembered_are_asked_for_again),
    };

    return run_tests("owners", tests, COUNT(tests));
}
