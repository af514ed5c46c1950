/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each in a child, which cannot get out again. What a peer could try is in live/95. */
#include "agent/sandbox.h"
#include "base/fs.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef PAIRGATE_SANITIZED
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* What `what` gives in a process closed in on the scratch directory; 99: not closed in. */
static int inside(const struct scratch *scratch,
                  int (*what)(const struct sandbox *sandbox, int into))
{
    const pid_t child = fork();
    int how = 0;

    if (child == 0) {
        struct sandbox sandbox;
        struct error err = {0};
        int into = -1;

        _exit(sandbox_close(&sandbox, scratch->path, &into, &err) ? what(&sandbox, into)
                                                                  : 99);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &how, 0), child);
    return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

static int make_a_file(const struct sandbox *sandbox, int into)
{
    (void)sandbox;
    return openat(into, "made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 ? 0 : errno;
}

static int read_outside(const struct sandbox *sandbox, int into)
{
    const int got = open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno;

    (void)into;
    return IS_SANITIZED || sandbox->landlock > 0 ? got : EACCES; /* a kernel without it */
}

static int make_a_process(const struct sandbox *sandbox, int into)
{
    (void)into;
    if (!IS_SANITIZED && !sandbox->seccomp)
        return 128 + 31; /* a kernel without it */
    if (fork() == 0)
        _exit(0);
    return 0;
}

static void inside_files_are_made(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(inside(&scratch, make_a_file), 0);
    CU_ASSERT(scratch_has(&scratch, "made"));
}

static void outside_nothing_is_read(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(inside(&scratch, read_outside), IS_SANITIZED ? 0 : EACCES);
}

static void a_new_process_is_the_end(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(inside(&scratch, make_a_process), IS_SANITIZED ? 0 : 128 + 31);
}

static void a_directory_that_is_not_there_is_told(void)
{
    struct sandbox sandbox;
    struct error err = {0};
    const pid_t child = fork();
    int how = 0, into = -1;

    if (child == 0)
        _exit(sandbox_close(&sandbox, "/nowhere/at/all", &into, &err) || err.msg == E_NONE);
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &how, 0), child);
    CU_ASSERT(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(inside_files_are_made),
        TEST(outside_nothing_is_read),
        TEST(a_new_process_is_the_end),
        TEST(a_directory_that_is_not_there_is_told),
    };

    return run_tests("sandbox", tests, COUNT(tests));
}
