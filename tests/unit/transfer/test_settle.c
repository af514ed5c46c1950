/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/settle.h"

#include "base/fs.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct entry entry_of(enum entry_kind kind)
{
    return (struct entry){.kind = kind,
                          .path = span_text("x"),
                          .mode = 04751,
                          .uid = getuid(),
                          .gid = getgid(),
                          .mtime = -86400,
                          .mtime_ns = 123456789,
                          .size = 3};
}

static void a_file_is_as_its_entry_says(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(fd_close) int fd = -1;
    struct settle settle = {0};
    struct entry entry = entry_of(ENTRY_FILE);
    struct error err = {0};

    scratch_make(&s);
    scratch_write(&s, "x", "123456");
    fd = openat(s.fd, "x", O_RDWR | O_CLOEXEC);
    CU_ASSERT_FALSE(settle_is_done(&settle, s.fd, "x", &entry));
    CU_ASSERT_FATAL(settle_file(&settle, fd, s.fd, "x", &entry, &err));
    CU_ASSERT(settle_is_done(&settle, s.fd, "x", &entry));
    entry.mtime_ns++;
    CU_ASSERT_FALSE(settle_is_done(&settle, s.fd, "x", &entry));
    CU_ASSERT_EQUAL(settle.not_kept, 0);
}

static void a_directory_keeps_extra_bits_for_now(void)
{
    scoped(scratch_clear) struct scratch s;
    struct settle settle = {0};
    struct entry entry = entry_of(ENTRY_DIRECTORY);
    struct error err = {0};
    struct stat st;

    scratch_make(&s);
    CU_ASSERT(mkdirat(s.fd, "x", 0700) == 0);
    entry.mode = 0511;
    CU_ASSERT(settle_directory(&settle, s.fd, "x", &entry, 0700, &err));
    CU_ASSERT(fstatat(s.fd, "x", &st, 0) == 0 && (st.st_mode & 07777) == 0711);
    CU_ASSERT(settle_directory(&settle, s.fd, "x", &entry, 0, &err));
    CU_ASSERT(fstatat(s.fd, "x", &st, 0) == 0 && (st.st_mode & 07777) == 0511);
    CU_ASSERT(st.st_mtim.tv_sec == -86400 && st.st_mtim.tv_nsec == 123456789);
}

static void a_symbolic_link_itself_is_settled(void)
{
    scoped(scratch_clear) struct scratch s;
    struct settle settle = {0};
    struct entry entry = entry_of(ENTRY_SYMLINK);
    struct error err = {0};
    struct stat st;

    scratch_make(&s);
    scratch_write(&s, "to", "");
    CU_ASSERT(symlinkat("to", s.fd, "x") == 0);
    CU_ASSERT(settle_symlink(&settle, s.fd, "x", &entry, &err));
    CU_ASSERT(fstatat(s.fd, "x", &st, AT_SYMLINK_NOFOLLOW) == 0);
    CU_ASSERT_EQUAL(st.st_mtim.tv_sec, -86400);
    CU_ASSERT(fstatat(s.fd, "to", &st, 0) == 0 && st.st_mtim.tv_sec > 0);
}

static void a_name_here_wins_over_the_number_there(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(fd_close) int fd = -1;
    struct settle settle = {0};
    struct entry entry = entry_of(ENTRY_FILE);
    struct error err = {0};
    struct stat st;

    if (getuid() != 0)
        return;
    scratch_make(&s);
    scratch_write(&s, "x", "123");
    fd = openat(s.fd, "x", O_RDWR | O_CLOEXEC);
    entry.uid = 4711;
    entry.user = span_text("root");
    entry.gid = 4712;
    entry.group = span_text("no-such-group");
    CU_ASSERT(settle_file(&settle, fd, s.fd, "x", &entry, &err));
    CU_ASSERT(fstat(fd, &st) == 0 && st.st_uid == 0 && st.st_gid == 4712);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_file_is_as_its_entry_says),
        TEST(a_directory_keeps_extra_bits_for_now),
        TEST(a_symbolic_link_itself_is_settled),
        TEST(a_name_here_wins_over_the_number_there),
    };

    return run_tests("settle", tests, COUNT(tests));
}
