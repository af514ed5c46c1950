/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/disk.h"

#include "base/fs.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static enum msg answer_to(int number)
{
    struct error err = {0};

    errno = number;
    CU_ASSERT_FALSE(disk_fail(&err, "here"));
    return err.msg;
}

static void each_trouble_has_its_answer(void)
{
    CU_ASSERT_EQUAL(answer_to(ENOSPC), E_DISK_FULL);
    CU_ASSERT_EQUAL(answer_to(EDQUOT), E_DISK_QUOTA);
    CU_ASSERT_EQUAL(answer_to(EROFS), E_DISK_READ_ONLY);
    CU_ASSERT_EQUAL(answer_to(EIO), E_FILE_WRITE);
}

static void a_full_disk_is_an_answer(void)
{
    scoped(fd_close) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct error err = {0};

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FALSE(disk_write(fd, span_text("x"), 0, "full", &err));
    CU_ASSERT_EQUAL(err.msg, E_DISK_FULL);
}

static void what_is_left_of_a_full_disk_is_told(void)
{
    scoped(scratch_clear) struct scratch s;
    struct error err = {0}, other = {0};

    scratch_make(&s);
    fail(&err, E_DISK_FULL, "big");
    err.side = SIDE_TARGET;
    disk_explain(&err, s.fd, "/srv");
    CU_ASSERT(err.msg == E_DISK_FULL && err.side == SIDE_TARGET);
    CU_ASSERT_EQUAL(strncmp(err.about, "big, below /srv: ", 17), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.about, "inodes free"));
    fail(&other, E_FILE_READ, "small");
    disk_explain(&other, s.fd, "/srv");
    CU_ASSERT_STRING_EQUAL(other.about, "small");
}

static void what_is_written_is_read(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(fd_close) int fd = -1;
    struct error err = {0};
    char text[4] = "";

    scratch_make(&s);
    fd = openat(s.fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT(disk_write(fd, span_text("abc"), 5, "f", &err));
    CU_ASSERT(disk_read(fd, text, 3, 5, "f", &err));
    CU_ASSERT_STRING_EQUAL(text, "abc");
    CU_ASSERT_FALSE(disk_read(fd, text, 3, 6, "f", &err));
    CU_ASSERT_EQUAL(err.msg, E_FILE_READ);
}

/* Aligned and not, whole blocks and a tail: the same bytes whichever way they went. */
static void what_goes_past_the_cache_is_read_back(void)
{
    static const struct {
        size_t from, n;
        off_t at;
    } pieces[] = {{0, 4U << 20, 0},
                  {0, (2U << 20) + 17, 4096},
                  {1, 2U << 20, 0},
                  {0, 2U << 20, 3},
                  {0, 5000, 0}};
    scoped(scratch_clear) struct scratch s;
    unsigned char *bytes = aligned_alloc(4096, (4U << 20) + 4096);
    unsigned char *back = malloc(4U << 20);

    scratch_make(&s);
    for (size_t i = 0; i < (4U << 20) + 4096; i++)
        bytes[i] = (unsigned char)(i * 31 >> 3);
    for (size_t i = 0; i < COUNT(pieces); i++) {
        scoped(fd_close) int fd =
            openat(s.fd, "f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct error err = {0};

        CU_ASSERT_FATAL(disk_write_direct(fd, span_of(bytes + pieces[i].from, pieces[i].n),
                                          pieces[i].at, "f", &err));
        CU_ASSERT_FATAL(disk_read(fd, back, pieces[i].n, pieces[i].at, "f", &err));
        CU_ASSERT_EQUAL(memcmp(back, bytes + pieces[i].from, pieces[i].n), 0);
        CU_ASSERT_EQUAL(fcntl(fd, F_GETFL) & O_DIRECT, 0);
    }
    free(bytes);
    free(back);
}

static void a_file_is_replaced_whole(void)
{
    scoped(scratch_clear) struct scratch s;
    struct error err = {0};
    char text[8];

    scratch_make(&s);
    CU_ASSERT(disk_replace(s.fd, "f", span_text("longer"), &err));
    CU_ASSERT(disk_replace(s.fd, "f", span_text("new"), &err));
    scratch_read(text, sizeof(text), &s, "f");
    CU_ASSERT_STRING_EQUAL(text, "new");
    CU_ASSERT_FALSE(scratch_has(&s, "f.new"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_trouble_has_its_answer),           TEST(a_full_disk_is_an_answer),
        TEST(what_is_left_of_a_full_disk_is_told),   TEST(what_is_written_is_read),
        TEST(what_goes_past_the_cache_is_read_back), TEST(a_file_is_replaced_whole),
    };

    return run_tests("disk", tests, COUNT(tests));
}
