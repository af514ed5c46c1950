/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/outfile.h"
#include "base/fs.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum msg write_to(const char *path, mode_t mode)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(outfile_write(path, span_text("new"), mode, &err), err.msg == E_NONE);
    return err.msg;
}

static void a_file_is_replaced_wherever_it_lies(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    char path[PATH_MAX + 16], text[8];
    struct stat st;

    scratch_make(&scratch);
    scratch_write(&scratch, "file", "a longer text");
    snprintf(path, sizeof(path), "%s/file", scratch.path);
    CU_ASSERT_EQUAL(write_to(path, 0640), E_NONE);
    scratch_read(text, sizeof(text), &scratch, "file");
    CU_ASSERT_STRING_EQUAL(text, "new");
    CU_ASSERT_FATAL(stat(path, &st) == 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
    CU_ASSERT_FATAL(chdir(scratch.path) == 0);
    CU_ASSERT_EQUAL(write_to("plain", 0600), E_NONE);
    CU_ASSERT(scratch_has(&scratch, "plain"));
    CU_ASSERT_FATAL(chdir("/") == 0);
}

static void what_cannot_be_written_is_told(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    char path[PATH_MAX + 32];

    scratch_make(&scratch);
    snprintf(path, sizeof(path), "%s/no/such/file", scratch.path);
    CU_ASSERT_NOT_EQUAL(write_to(path, 0600), E_NONE);
    CU_ASSERT_NOT_EQUAL(write_to("", 0600), E_NONE);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mkdir dir"));
    snprintf(path, sizeof(path), "%s/dir", scratch.path);
    CU_ASSERT_NOT_EQUAL(write_to(path, 0600), E_NONE);
}

static void a_pipe_is_written_to_and_stays(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(fd_close) int end = -1;
    char path[PATH_MAX + 32], text[8] = "";
    struct stat st;

    scratch_make(&scratch);
    snprintf(path, sizeof(path), "%s/pipe", scratch.path);
    CU_ASSERT_FATAL(mkfifo(path, 0600) == 0);
    end = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CU_ASSERT_FATAL(end >= 0);
    CU_ASSERT_EQUAL(write_to(path, 0600), E_NONE);
    CU_ASSERT_EQUAL(read(end, text, sizeof(text)), 3);
    CU_ASSERT_STRING_EQUAL(text, "new");
    CU_ASSERT(stat(path, &st) == 0 && S_ISFIFO(st.st_mode));
    CU_ASSERT_EQUAL(write_to("/dev/full", 0600), E_FILE_WRITE);
    CU_ASSERT(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_file_is_replaced_wherever_it_lies),
        TEST(what_cannot_be_written_is_told),
        TEST(a_pipe_is_written_to_and_stays),
    };

    return run_tests("outfile", tests, COUNT(tests));
}
