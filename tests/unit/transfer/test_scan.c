/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/scan.h"

#include "tests/support/carry.h"
#include "tests/support/run.h"
#include "transfer/manifest_read.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

/* A tree that has been at rest since long before it was listed. */
#define AT_REST                                                                            \
    "mkdir d; printf one >d/a; printf two >d/b; setfattr -n user.kind -v b d/b; ln d/b z;" \
    " : >empty; truncate -s 1M holes; sleep 0.05"

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

/* Attributes of all entries, and the data ranges of their files. */
static void count_asked(struct carry *c, size_t *attributes, size_t *ranges)
{
    scoped(walk_clear) struct walk walk = {0};
    struct error err = {0};
    struct entry entry;

    *attributes = *ranges = 0;
    walk_begin(&walk, &c->manifest, 0);
    while (walk_next(&walk, &entry, &err)) {
        *attributes += entry.xattrs.n;
        *ranges += entry.extents.n;
    }
    CU_ASSERT_EQUAL(err.msg, E_NONE);
}

/* What stat does not tell is taken from the listing before. */
static void what_is_remembered_is_what_would_be_found(void)
{
    scoped(carry_clear) struct carry c;
    size_t attributes, ranges, attributes_then, ranges_then;

    carry_make(&c, "printf x >a; setfattr -n user.kind -v b a; truncate -s 9M b;"
                   "printf y | dd of=b bs=1 seek=5M conv=notrunc status=none; sleep 0.05");
    carry_list(&c);
    count_asked(&c, &attributes_then, &ranges_then);
    CU_ASSERT(attributes_then > 0 && ranges_then > 0);
    c.generation = 2;
    carry_list(&c);
    CU_ASSERT(c.scanned.same);
    count_asked(&c, &attributes, &ranges);
    CU_ASSERT_EQUAL(attributes, attributes_then);
    CU_ASSERT_EQUAL(ranges, ranges_then);
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
        {"setfattr -n user.colour -v blue from/d/a", 3},
        {"setfattr -x user.kind from/d/b", 3},
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
        TEST(what_is_remembered_is_what_would_be_found),
        TEST(only_what_changed_is_carried),
        TEST(what_changed_while_it_was_listed_is_not_trusted),
        TEST(what_was_noted_as_changed_is_carried_again),
    };

    return run_tests("scan", tests, COUNT(tests));
}
