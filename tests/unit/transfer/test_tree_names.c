/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree_names.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void names_are_sorted_by_their_bytes(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(names_clear) struct names names = {0};
    struct error err = {0};

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "touch b a .hidden 'a b' \"$(printf '\\377')\" B;"
                                      "rm log"));
    CU_ASSERT_FATAL(names_read(&names, s.fd, "here", &err));
    CU_ASSERT_EQUAL_FATAL(names.n, 6);
    CU_ASSERT_STRING_EQUAL(names.at[0], ".hidden");
    CU_ASSERT_STRING_EQUAL(names.at[1], "B");
    CU_ASSERT_STRING_EQUAL(names.at[3], "a b");
    CU_ASSERT_STRING_EQUAL(names.at[5], "\377");
}

static void many_names_have_room(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(names_clear) struct names names = {0};
    struct error err = {0};

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "rm log; seq 10000 19999 | xargs touch"));
    CU_ASSERT_FATAL(names_read(&names, s.fd, "here", &err));
    CU_ASSERT(names.n == 10000 || names.n == 10001);
    for (size_t i = 1; i < names.n; i++)
        CU_ASSERT(strcmp(names.at[i - 1], names.at[i]) < 0);
}

static void what_is_no_directory_is_not_read(void)
{
    scoped(names_clear) struct names names = {0};
    struct error err = {0};

    CU_ASSERT_FALSE(names_read(&names, -1, "there", &err));
    CU_ASSERT_EQUAL(err.msg, E_NOT_READABLE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(names_are_sorted_by_their_bytes),
        TEST(many_names_have_room),
        TEST(what_is_no_directory_is_not_read),
    };

    return run_tests("tree_names", tests, COUNT(tests));
}
