/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_file_is_replaced_whole_with_its_mode(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct error err = {0};
    struct stat st;
    char text[16];

    scratch_make(&dir);
    CU_ASSERT(fs_replace(dir.fd, "key", span_text("old"), 0600, &err));
    CU_ASSERT(fs_replace(dir.fd, "key", span_text("new"), 0640, &err));
    scratch_read(text, sizeof(text), &dir, "key");
    CU_ASSERT_STRING_EQUAL(text, "new");
    CU_ASSERT(fstatat(dir.fd, "key", &st, 0) == 0 && (st.st_mode & 07777) == 0640);
    CU_ASSERT_FALSE(scratch_has(&dir, "key.new"));
}

static void a_file_larger_than_the_ceiling_is_not_read(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    scoped(buf_clear) struct buf out = buf_upto(4);
    struct error err = {0};

    scratch_make(&dir);
    scratch_write(&dir, "f", "12345");
    CU_ASSERT_FALSE(fs_read_at(&out, dir.fd, "f", &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
}

static void a_missing_file_is_named(void)
{
    scoped(buf_clear) struct buf out = buf_upto(4);
    struct error err = {0};

    CU_ASSERT_FALSE(fs_read(&out, "/nonexistent/file", &err));
    CU_ASSERT_EQUAL(err.msg, E_FILE_READ);
    CU_ASSERT_STRING_EQUAL(err.about, "/nonexistent/file: No such file or directory");
}

static void a_secret_that_others_can_read_is_refused_with_the_remedy(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    scoped(buf_clear) struct buf out = buf_upto(16);
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT(fs_replace(dir.fd, "key", span_text("k"), 0640, &err));
    CU_ASSERT_FALSE(fs_read_secret(&out, dir.fd, "key", &err));
    CU_ASSERT_EQUAL(err.msg, E_SECRET_OPEN);
    CU_ASSERT_STRING_EQUAL(err.about, "key has mode 0640; mend it with: chmod 600 key");
}

static void a_path_beneath_a_root_cannot_leave_it(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    static const char *const bad[] = {"../x", "/etc/passwd", "out/passwd", "a/../../x"};

    scratch_make(&dir);
    CU_ASSERT(symlinkat("/etc", dir.fd, "out") == 0 && mkdirat(dir.fd, "a", 0700) == 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        scoped(fd_close) int fd = -1;
        struct error err = {0};

        CU_ASSERT_FALSE(fs_open_beneath(&fd, dir.fd, bad[i], O_RDONLY, 0, &err));
        CU_ASSERT_EQUAL(err.msg, E_PATH_ESCAPES);
    }
}

static void a_link_moves_in_one_step(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct error err = {0};
    char to[8] = "";

    scratch_make(&dir);
    CU_ASSERT(fs_relink(dir.fd, "current", "1", &err));
    CU_ASSERT(fs_relink(dir.fd, "current", "2", &err));
    CU_ASSERT(readlinkat(dir.fd, "current", to, sizeof(to) - 1) == 1 && to[0] == '2');
}

static void nothing_is_renamed_over_something(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct error err = {0};

    scratch_make(&dir);
    scratch_write(&dir, "a", "1");
    scratch_write(&dir, "b", "2");
    CU_ASSERT_FALSE(fs_rename_new(dir.fd, "a", "b", &err));
    CU_ASSERT_EQUAL(err.msg, E_FILE_WRITE);
    CU_ASSERT(scratch_has(&dir, "a"));
}

static void directories_are_made_with_their_parents(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    scoped(fd_close) int fd = -1;
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT(fs_make_dir(&fd, dir.fd, "x/y/z", 0700, &err));
    CU_ASSERT(fs_replace(fd, "f", span_text("1"), 0600, &err));
    CU_ASSERT(scratch_has(&dir, "x/y/z/f"));
}

static void what_cannot_be_told_is_not_taken_for_absent(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    bool has = false;
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "ln -s nowhere link && touch file"));
    CU_ASSERT(fs_has(&has, scratch.fd, "link", &err) && has);
    CU_ASSERT(fs_has(&has, scratch.fd, "other", &err) && !has);
    CU_ASSERT_FALSE(fs_has(&has, scratch.fd, "file/below", &err));
    CU_ASSERT_EQUAL(err.msg, E_FILE_READ);
}

static int open_lock(const struct scratch *dir)
{
    const int fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static void a_lock_is_seen_while_any_process_has_it(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    scoped(fd_close) int ours = -1, theirs = -1;
    pid_t child;

    scratch_make(&dir);
    ours = open_lock(&dir);
    theirs = open_lock(&dir);
    CU_ASSERT_FALSE(fs_is_locked(theirs));
    CU_ASSERT(fs_lock(ours));
    CU_ASSERT(fs_is_locked(theirs));
    CU_ASSERT_FALSE(fs_is_locked(ours));
    CU_ASSERT_FALSE(fs_lock(theirs));
    child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
        _exit(0);
    }
    fd_close(&ours);
    CU_ASSERT(fs_is_locked(theirs));
    CU_ASSERT(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    CU_ASSERT_FALSE(fs_is_locked(theirs));
    CU_ASSERT(fs_lock(theirs));
}

/* A process that looks all the time; it has begun when this returns. */
static pid_t look_always(const struct scratch *dir)
{
    int begun[2];
    char word;
    pid_t child;

    CU_ASSERT_FATAL(pipe(begun) == 0);
    child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        const int fd = open_lock(dir);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (bool told = false;; told = true) {
            (void)fs_is_locked(fd);
            if (!told && write(begun[1], "", 1) != 1)
                _exit(1);
        }
    }
    CU_ASSERT(read(begun[0], &word, 1) == 1);
    close(begun[0]);
    close(begun[1]);
    return child;
}

static void who_looks_for_a_lock_is_not_in_the_way(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    unsigned refused = 0;
    pid_t child;

    scratch_make(&dir);
    child = look_always(&dir);
    for (unsigned i = 0; i < 5000; i++) {
        scoped(fd_close) int fd = open_lock(&dir);

        refused += !fs_lock(fd);
    }
    CU_ASSERT_EQUAL(refused, 0);
    CU_ASSERT(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_file_is_replaced_whole_with_its_mode),
        TEST(a_file_larger_than_the_ceiling_is_not_read),
        TEST(a_missing_file_is_named),
        TEST(a_secret_that_others_can_read_is_refused_with_the_remedy),
        TEST(a_path_beneath_a_root_cannot_leave_it),
        TEST(a_link_moves_in_one_step),
        TEST(nothing_is_renamed_over_something),
        TEST(what_cannot_be_told_is_not_taken_for_absent),
        TEST(directories_are_made_with_their_parents),
        TEST(a_lock_is_seen_while_any_process_has_it),
        TEST(who_looks_for_a_lock_is_not_in_the_way),
    };

    return run_tests("fs", tests, COUNT(tests));
}
