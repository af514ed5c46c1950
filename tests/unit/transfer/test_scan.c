/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/scan.h"

#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

/* A tree that has been at rest since long before it was listed. */
#define AT_REST "mkdir d; printf one >d/a; printf two >d/b; ln d/b z; : >empty; sleep 0.05"

/* Bytes that the second generation carries when `shell` ran between the two. */
static uint64_t carried_after(const char *shell, bool *same)
{
    scoped(carry_clear) struct carry c;
    uint64_t carried;

    carry_make(&c, AT_REST);
    carry_list(&c);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, shell));
    c.generation = 2;
    carry_list(&c);
    *same = c.scanned.same;
    carried = c.manifest.layout.carried;
    CU_ASSERT(carried <= c.manifest.sum.bytes);
    return carried;
}

static void a_tree_at_rest_is_the_same(void)
{
    bool same;

    CU_ASSERT_EQUAL(carried_after(":", &same), 0);
    CU_ASSERT(same);
}

static void only_what_changed_is_carried(void)
{
    static const struct {
        const char *shell;
        uint64_t carried;
    } rows[] = {
        {"printf 12345 >from/d/a", 5},
        {"printf 1 >from/new", 1},
        {"rm from/d/a", 0},
        {"rm from/z", 3},
        {"mv from/d/a from/d/c", 3},
        {"chmod 711 from/d", 0},
        {"chmod 600 from/d/a", 3},
        {"rm from/empty; mkdir from/empty", 0},
        {"rm -r from/d; printf x >from/d", 4},
        {"ln -s a from/d/link", 0},
        {"touch -d @1 from/empty", 0},
        {"cp -p from/d/a x; mv x from/d/a", 3},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        bool same;
        const uint64_t carried = carried_after(rows[i].shell, &same);

        CU_ASSERT_EQUAL(carried, rows[i].carried);
        CU_ASSERT_FALSE(same);
        if (carried != rows[i].carried)
            fprintf(stderr, "%s: %llu\n", rows[i].shell, (unsigned long long)carried);
    }
}

/* A change within the same tick of the clock would not show. */
static void what_changed_while_it_was_listed_is_not_trusted(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, "printf one >a; sleep 0.05");
    carry_list(&c);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "touch -r from/a work/listed-1"));
    c.generation = 2;
    carry_list(&c);
    CU_ASSERT_EQUAL(c.manifest.layout.carried, 3);
    CU_ASSERT_FALSE(c.scanned.same);
}

static void what_was_noted_as_changed_is_carried_again(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, AT_REST);
    carry_list(&c);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "printf '\\0d/a\\0' >work/changed-1"));
    c.generation = 2;
    carry_list(&c);
    CU_ASSERT_EQUAL(c.manifest.layout.carried, 3);
    CU_ASSERT_FALSE(c.scanned.same);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_tree_at_rest_is_the_same),
        TEST(only_what_changed_is_carried),
        TEST(what_changed_while_it_was_listed_is_not_trusted),
        TEST(what_was_noted_as_changed_is_carried_again),
    };

    return run_tests("scan", tests, COUNT(tests));
}
