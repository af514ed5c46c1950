/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/owners.h"

#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define NOBODY_HAS 3999999999U

static void numbers_have_names(void)
{
    struct owners owners = {0};

    CU_ASSERT(span_equal(owners_user(&owners, 0), span_text("root")));
    CU_ASSERT(span_equal(owners_user(&owners, 0), span_text("root")));
    CU_ASSERT(span_equal(owners_group(&owners, 0), span_text("root")));
    CU_ASSERT_EQUAL(owners.n[OWNER_USER], 1);
    CU_ASSERT_EQUAL(owners_user(&owners, NOBODY_HAS).n, 0);
    CU_ASSERT_EQUAL(owners_user(&owners, NOBODY_HAS).n, 0);
    CU_ASSERT_EQUAL(owners.n[OWNER_USER], 2);
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

struct book {
    unsigned asked;
};

static bool ask_book(void *at, enum owner_kind kind, struct owner *owner)
{
    struct book *book = at;

    book->asked++;
    if (kind != OWNER_GROUP || strcmp(owner->name, "crew") != 0)
        return false;
    owner->id = 77;
    return true;
}

static void another_may_be_asked_instead_of_the_system(void)
{
    struct owners owners = {0};
    struct book book = {0};

    owners_ask_of(ask_book, &book);
    CU_ASSERT_EQUAL(owners_gid(&owners, span_text("crew"), 5), 77);
    CU_ASSERT_EQUAL(owners_gid(&owners, span_text("crew"), 5), 77);
    CU_ASSERT_EQUAL(book.asked, 1);
    CU_ASSERT_EQUAL(owners_uid(&owners, span_text("root"), 5), 5);
    CU_ASSERT_EQUAL(book.asked, 2);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(numbers_have_names),
        TEST(names_have_numbers_or_the_given_one),
        TEST(more_than_are_remembered_are_asked_for_again),
        TEST(another_may_be_asked_instead_of_the_system),
    };

    return run_tests("owners", tests, COUNT(tests));
}
