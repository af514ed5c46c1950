/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/perch.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool reaches(struct perch *perch, const struct scratch *s, const char *path)
{
    struct error err = {0};
    struct stat st;

    return perch_reach(perch, s->fd, span_text(path), &err) &&
           fstatat(perch->dir, perch->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void every_path_below_the_root_is_reached(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(perch_clear) struct perch perch = {0};
    int kept;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "mkdir -p a/b; touch a/b/c a/b/d e"));
    CU_ASSERT(reaches(&perch, &s, ""));
    CU_ASSERT(reaches(&perch, &s, "a/b/c"));
    kept = perch.dir;
    CU_ASSERT(reaches(&perch, &s, "a/b/d"));
    CU_ASSERT_EQUAL(perch.dir, kept);
    CU_ASSERT(reaches(&perch, &s, "e"));
    CU_ASSERT(reaches(&perch, &s, "a/b"));
    CU_ASSERT_FALSE(reaches(&perch, &s, "a/x/c"));
    CU_ASSERT(reaches(&perch, &s, "a"));
}

static void no_link_is_followed_on_the_way(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(perch_clear) struct perch perch = {0};

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "mkdir a; touch a/f; ln -s a link; ln -s / top"));
    CU_ASSERT_FALSE(reaches(&perch, &s, "link/f"));
    CU_ASSERT_FALSE(reaches(&perch, &s, "top/etc"));
    CU_ASSERT_FALSE(reaches(&perch, &s, "../x/y"));
    CU_ASSERT(reaches(&perch, &s, "link"));
}

static void a_name_too_long_is_refused(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(perch_clear) struct perch perch = {0};
    struct error err = {0};
    char name[NAME_MAX + 1];

    scratch_make(&s);
    memset(name, 'x', sizeof(name));
    CU_ASSERT_FALSE(perch_reach(&perch, s.fd, span_of(name, sizeof(name)), &err));
    CU_ASSERT_EQUAL(err.msg, E_PATH_ESCAPES);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_path_below_the_root_is_reached),
        TEST(no_link_is_followed_on_the_way),
        TEST(a_name_too_long_is_refused),
    };

    return run_tests("perch", tests, COUNT(tests));
}
