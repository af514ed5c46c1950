/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/segment.h"

#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The library's calls come here. */
static unsigned syncs;

int fdatasync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

/* Listed, then `shell` runs in the tree, then segment 0 is read. */
static enum msg reading_after(const char *shell)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    carry_make(&c, "mkdir d; printf one >d/a; printf two >d/b");
    carry_list(&c);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, shell));
    return segment_read(&c.segment, &c.manifest, c.from, 0, &err) ? E_NONE : err.msg;
}

static void files_are_read_in_their_order(void)
{
    scoped(carry_clear) struct carry c;
    struct digest digest;
    struct error err = {0};

    carry_make(&c, "mkdir d; printf one >d/a; printf two >d/b");
    carry_list(&c);
    CU_ASSERT_FATAL(segment_read(&c.segment, &c.manifest, c.from, 0, &err));
    CU_ASSERT(span_equal(span_of(c.segment.at, c.segment.n), span_text("onetwo")));
    CU_ASSERT_EQUAL(c.segment.files, 2);
    digest_of(&digest, c.kind, span_text("onetwo"));
    CU_ASSERT(digest_equal(&digest, &c.segment.digest));
    CU_ASSERT_FALSE(segment_read(&c.segment, &c.manifest, c.from, 1, &err));
    CU_ASSERT_EQUAL(err.msg, E_SEGMENT_NUMBER);
}

static void a_file_that_is_another_now_is_noticed(void)
{
    CU_ASSERT_EQUAL(reading_after(":"), E_NONE);
    CU_ASSERT_EQUAL(reading_after("echo more >>from/d/a"), E_FILE_CHANGED);
    CU_ASSERT_EQUAL(reading_after("printf eno >from/d/a"), E_FILE_CHANGED);
    CU_ASSERT_EQUAL(reading_after("chmod 600 from/d/a"), E_FILE_CHANGED);
    CU_ASSERT_EQUAL(reading_after("rm from/d/a"), E_FILE_CHANGED);
    CU_ASSERT_EQUAL(reading_after("cp -p from/d/a x; mv x from/d/a"), E_FILE_CHANGED);
    CU_ASSERT_EQUAL(reading_after("rm from/d/a; ln -s b from/d/a"), E_FILE_CHANGED);
    CU_ASSERT_EQUAL(reading_after("rm from/d/a; mkfifo from/d/a"), E_FILE_CHANGED);
    CU_ASSERT_EQUAL(reading_after("mv from/d e; ln -s ../e from/d"), E_FILE_CHANGED);
}

static void where_it_is_noted_the_rest_is_read(void)
{
    scoped(carry_clear) struct carry c;
    scoped(changed_close) struct changed changed = {0};
    scoped(changed_clear) struct changed_list list = {0};
    struct error err = {0};

    carry_make(&c, "printf one >a; printf two >b; printf three >c");
    carry_list(&c);
    CU_ASSERT_FATAL(changed_open(&changed, c.work, 1, &err));
    c.segment.changed = &changed;
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "rm from/a; printf 4 >from/c"));
    CU_ASSERT_FATAL(segment_read(&c.segment, &c.manifest, c.from, 0, &err));
    CU_ASSERT(
        span_equal(span_of(c.segment.at, c.segment.n), span_of("\0\0\0two4\0\0\0\0", 11)));
    CU_ASSERT_FATAL(changed_read(&list, c.work, 1, &err));
    CU_ASSERT_EQUAL(list.n, 2);
    CU_ASSERT(changed_has(&list, span_text("a")) && changed_has(&list, span_text("c")));
}

/* All on disk with one sync, and no sync when there is nothing to note. */
static void many_changed_files_cost_one_sync(void)
{
    scoped(carry_clear) struct carry c;
    scoped(changed_close) struct changed changed = {0};
    scoped(changed_clear) struct changed_list list = {0};
    struct error err = {0};

    carry_make(&c, "for i in $(seq 50); do printf one >$i; done");
    carry_list(&c);
    CU_ASSERT_FATAL(changed_open(&changed, c.work, 1, &err));
    c.segment.changed = &changed;
    syncs = 0;
    CU_ASSERT_FATAL(segment_read(&c.segment, &c.manifest, c.from, 0, &err));
    CU_ASSERT_EQUAL(syncs, 0);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "for f in from/*; do echo >>$f; done"));
    CU_ASSERT_FATAL(segment_read(&c.segment, &c.manifest, c.from, 0, &err));
    CU_ASSERT_EQUAL(syncs, 1);
    CU_ASSERT_FATAL(changed_read(&list, c.work, 1, &err));
    CU_ASSERT_EQUAL(list.n, 50);
}

static void the_buffer_is_aligned(void)
{
    scoped(segment_clear) struct segment segment;

    segment_make(&segment);
    CU_ASSERT_EQUAL((uintptr_t)segment.at % 4096, 0);
    segment.at[SEGMENT_BYTES - 1] = 1;
}

int main(void)
{
    static const struct test tests[] = {
        TEST(files_are_read_in_their_order),
        TEST(a_file_that_is_another_now_is_noticed),
        TEST(where_it_is_noted_the_rest_is_read),
        TEST(many_changed_files_cost_one_sync),
        TEST(the_buffer_is_aligned),
    };

    return run_tests("segment", tests, COUNT(tests));
}
