/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/changed.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

static void note(const struct scratch *scratch, struct span path)
{
    scoped(changed_close) struct changed changed = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(changed_open(&changed, scratch->fd, 3, &err));
    CU_ASSERT(changed_note(&changed, path, &err));
    CU_ASSERT(changed_note(&changed, path, &err)); /* once is enough */
}

static void what_was_noted_is_found_after_a_restart(void)
{
    scoped(scratch_clear) struct scratch scratch;
    scoped(changed_clear) struct changed_list list = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(changed_read(&list, scratch.fd, 3, &err));
    CU_ASSERT_FALSE(changed_has(&list, span_text("a")));
    note(&scratch, span_text("z"));
    note(&scratch, span_text("a/b\377"));
    note(&scratch, span_text("z")); /* in another run */
    CU_ASSERT_FATAL(changed_read(&list, scratch.fd, 3, &err));
    CU_ASSERT_EQUAL(list.n, 2);
    CU_ASSERT(changed_has(&list, span_text("z")));
    CU_ASSERT(changed_has(&list, span_text("a/b\377")));
    CU_ASSERT_FALSE(changed_has(&list, span_text("a/b")));
}

static void what_a_crash_cut_off_spoils_nothing(void)
{
    scoped(scratch_clear) struct scratch scratch;
    scoped(changed_clear) struct changed_list list = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "printf '\\0cut of' >changed-3"));
    note(&scratch, span_text("whole"));
    CU_ASSERT_FATAL(changed_read(&list, scratch.fd, 3, &err));
    CU_ASSERT(changed_has(&list, span_text("whole")));
    CU_ASSERT_EQUAL(list.n, 2);
}

static void a_new_listing_knows_nothing_of_it(void)
{
    scoped(scratch_clear) struct scratch scratch;
    scoped(changed_clear) struct changed_list list = {0};
    struct error err = {0};

    scratch_make(&scratch);
    note(&scratch, span_text("a"));
    CU_ASSERT(changed_forget(scratch.fd, 3, &err));
    CU_ASSERT(changed_forget(scratch.fd, 3, &err));
    CU_ASSERT_FATAL(changed_read(&list, scratch.fd, 3, &err));
    CU_ASSERT_EQUAL(list.n, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_noted_is_found_after_a_restart),
        TEST(what_a_crash_cut_off_spoils_nothing),
        TEST(a_new_listing_knows_nothing_of_it),
    };

    return run_tests("changed", tests, COUNT(tests));
}
