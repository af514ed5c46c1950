/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEVELS 300
#define FEW_DESCRIPTORS 32
#define NOBODY 65534

static void a_tree_is_removed_without_following_links(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT(scratch_shell(&dir,
                            "mkdir -p keep t/a/b && echo x > t/a/b/f && echo y > keep/f"
                            " && ln -s ../keep t/link"));
    CU_ASSERT(fs_remove_tree(dir.fd, "t", &err));
    CU_ASSERT_FALSE(scratch_has(&dir, "t"));
    CU_ASSERT(scratch_has(&dir, "keep/f"));
    CU_ASSERT(fs_remove_tree(dir.fd, "t", &err));
}

static void a_link_goes_and_what_it_names_stays(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT(scratch_shell(&dir, "mkdir keep && echo y > keep/f && ln -s keep t"));
    CU_ASSERT(fs_remove_tree(dir.fd, "t", &err));
    CU_ASSERT_FALSE(scratch_has(&dir, "t"));
    CU_ASSERT(scratch_has(&dir, "keep/f"));
}

/* t/d/d/…, with a file beside each, made from the inside. */
static void make_deep(int dir)
{
    int at = dir;

    for (int i = 0; i < LEVELS; i++) {
        int below;

        CU_ASSERT_FATAL(mkdirat(at, i == 0 ? "t" : "d", 0700) == 0);
        below = openat(at, i == 0 ? "t" : "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CU_ASSERT_FATAL(below >= 0);
        close(openat(below, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        if (at != dir)
            close(at);
        at = below;
    }
    close(at);
}

static void a_deep_tree_needs_few_descriptors(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct error err = {0};
    struct rlimit all, few;

    scratch_make(&dir);
    make_deep(dir.fd);
    CU_ASSERT_FATAL(getrlimit(RLIMIT_NOFILE, &all) == 0);
    few = (struct rlimit){.rlim_cur = FEW_DESCRIPTORS, .rlim_max = all.rlim_max};
    CU_ASSERT_FATAL(setrlimit(RLIMIT_NOFILE, &few) == 0);
    CU_ASSERT(fs_remove_tree(dir.fd, "t", &err));
    CU_ASSERT_FATAL(setrlimit(RLIMIT_NOFILE, &all) == 0);
    CU_ASSERT_FALSE(scratch_has(&dir, "t"));
}

/* As somebody whom modes bind. */
static void what_its_owner_may_not_change_is_removed(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    const bool is_root = geteuid() == 0;
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT(scratch_shell(&dir, "mkdir -p t/read t/none t/enter && echo x > t/read/f &&"
                                  " echo x > t/none/f && echo x > t/enter/f &&"
                                  " chmod 500 t/read && chmod 0 t/none && chmod 100 t/enter"
                                  " && chmod 500 t && if test $(id -u) = 0;"
                                  " then chown -R 65534 .; fi"));
    CU_ASSERT_FATAL(!is_root || seteuid(NOBODY) == 0);
    CU_ASSERT(fs_remove_tree(dir.fd, "t", &err));
    CU_ASSERT_FALSE(scratch_has(&dir, "t"));
    CU_ASSERT_FATAL(!is_root || seteuid(0) == 0);
}

static void a_directory_of_somebody_else_is_told(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct error err = {0};

    if (geteuid() != 0)
        return; /* cannot be made */
    scratch_make(&dir);
    CU_ASSERT(scratch_shell(&dir, "mkdir -p t/theirs && echo x > t/theirs/f &&"
                                  " chown 65534 . t && chmod 755 ."));
    CU_ASSERT_FATAL(seteuid(NOBODY) == 0);
    CU_ASSERT_FALSE(fs_remove_tree(dir.fd, "t", &err));
    CU_ASSERT_FATAL(seteuid(0) == 0);
    CU_ASSERT_EQUAL(err.msg, E_FILE_WRITE);
    CU_ASSERT(scratch_has(&dir, "t/theirs/f"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_tree_is_removed_without_following_links),
        TEST(a_link_goes_and_what_it_names_stays),
        TEST(a_deep_tree_needs_few_descriptors),
        TEST(what_its_owner_may_not_change_is_removed),
        TEST(a_directory_of_somebody_else_is_told),
    };

    return run_tests("fs_remove", tests, COUNT(tests));
}
