/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/mark.h"
#include "base/scope.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

static const char *const names[] = {"a", "b"};

static void a_replaced_file_shows_in_its_directory(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct mark before[2], after[2];

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mkdir a; touch -d 2001-01-01 a"));
    marks_take(before, scratch.fd, names, 2);
    marks_take(after, scratch.fd, names, 2);
    CU_ASSERT(marks_are_same(before, after, 2));
    CU_ASSERT_FATAL(scratch_shell(&scratch, "touch a/x.new; mv a/x.new a/x"));
    marks_take(after, scratch.fd, names, 2);
    CU_ASSERT_FALSE(marks_are_same(before, after, 2));
}

static void what_appears_and_what_goes_shows(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct mark none[2], both[2];

    scratch_make(&scratch);
    marks_take(none, scratch.fd, names, 2);
    CU_ASSERT_EQUAL(none[0].inode, 0);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mkdir a b"));
    marks_take(both, scratch.fd, names, 2);
    CU_ASSERT_FALSE(marks_are_same(none, both, 2));
}

/* Two changes within one tick of the file system's clock have the same time. */
static void only_an_old_mark_is_settled(void)
{
    const struct mark marks[] = {{0}, {.inode = 1, .modified = {.tv_sec = 1000}}};

    CU_ASSERT_FALSE(marks_are_settled(marks, 2, 1000));
    CU_ASSERT_FALSE(marks_are_settled(marks, 2, 1001));
    CU_ASSERT(marks_are_settled(marks, 2, 1002));
    CU_ASSERT(marks_are_settled(marks, 1, 1000));
    CU_ASSERT_FALSE(marks_are_settled(marks, 2, 10)); /* a clock that was set back */
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_replaced_file_shows_in_its_directory),
        TEST(what_appears_and_what_goes_shows),
        TEST(only_an_old_mark_is_settled),
    };

    return run_tests("mark", tests, COUNT(tests));
}
