/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/marks.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

#define N 10000

static void marks_outlive_the_process(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(marks_close) struct marks marks = {0};
    scoped(marks_close) struct marks again = {0};
    struct error err = {0};

    scratch_make(&s);
    CU_ASSERT_FATAL(marks_open(&marks, s.fd, 1, N, &err));
    CU_ASSERT(marks_receive(&marks, 0, &err) && marks_receive(&marks, 7777, &err));
    CU_ASSERT(marks_receive(&marks, 7777, &err));
    marks_set_durable(&marks, 0);
    CU_ASSERT(marks.received == 2 && marks.durable == 1);
    CU_ASSERT_FATAL(marks_open(&again, s.fd, 1, N, &err));
    CU_ASSERT(again.same_boot && again.received == 2 && again.durable == 0);
    CU_ASSERT(marks_has(&again, 7777) && !marks_has(&again, 7776));
}

static void another_boot_or_length_starts_over(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(marks_close) struct marks marks = {0};
    scoped(marks_close) struct marks longer = {0};
    scoped(marks_close) struct marks later = {0};
    struct error err = {0};

    scratch_make(&s);
    CU_ASSERT_FATAL(marks_open(&marks, s.fd, 1, N, &err));
    CU_ASSERT(marks_receive(&marks, 5, &err));
    CU_ASSERT_FATAL(marks_open(&longer, s.fd, 1, N + 1, &err));
    CU_ASSERT_EQUAL(longer.received, 0);
    CU_ASSERT(marks_receive(&longer, 5, &err));
    CU_ASSERT(scratch_shell(&s, "printf other | dd of=marks-1 conv=notrunc"));
    CU_ASSERT_FATAL(marks_open(&later, s.fd, 1, N + 1, &err));
    CU_ASSERT(!later.same_boot && later.received == 0);
}

static void they_can_be_looked_at_without_their_number(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(marks_close) struct marks marks = {0};
    struct error err = {0};

    scratch_make(&s);
    CU_ASSERT_EQUAL(marks_look(s.fd, 1), MARKS_NONE);
    CU_ASSERT_FATAL(marks_open(&marks, s.fd, 1, N, &err));
    CU_ASSERT_EQUAL(marks_look(s.fd, 1), MARKS_EMPTY);
    CU_ASSERT_FATAL(marks_receive(&marks, N - 1, &err));
    CU_ASSERT_EQUAL(marks_look(s.fd, 1), MARKS_SOME);
    CU_ASSERT_EQUAL(marks_look(s.fd, 2), MARKS_NONE);
    CU_ASSERT_FATAL(marks_forget(&marks, N - 1, &err));
    CU_ASSERT_EQUAL(marks_look(s.fd, 1), MARKS_EMPTY);
}

static void what_is_forgotten_is_missing(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(marks_close) struct marks marks = {0};
    struct error err = {0};
    uint64_t first, last;

    scratch_make(&s);
    CU_ASSERT_FATAL(marks_open(&marks, s.fd, 1, 4, &err));
    for (uint64_t i = 0; i < 4; i++)
        CU_ASSERT(marks_receive(&marks, i, &err));
    CU_ASSERT_FALSE(marks_missing(&marks, 0, &first, &last));
    marks_set_durable(&marks, 2);
    marks_set_settled(&marks, 2);
    CU_ASSERT(marks_is_settled(&marks, 2) && !marks_is_settled(&marks, 1));
    CU_ASSERT(marks_forget(&marks, 2, &err));
    CU_ASSERT_FALSE(marks_is_settled(&marks, 2));
    CU_ASSERT(marks.received == 3 && marks.durable == 0);
    CU_ASSERT(marks_missing(&marks, 0, &first, &last) && first == 2 && last == 2);
    CU_ASSERT_FALSE(marks_missing(&marks, 3, &first, &last));
    CU_ASSERT_FALSE(marks_missing(&marks, 99, &first, &last));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(marks_outlive_the_process),
        TEST(another_boot_or_length_starts_over),
        TEST(they_can_be_looked_at_without_their_number),
        TEST(what_is_forgotten_is_missing),
    };

    return run_tests("marks", tests, COUNT(tests));
}
