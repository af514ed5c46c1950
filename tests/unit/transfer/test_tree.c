/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TOLD_MAX 4096

/* "kind:path" of every entry, as told to a reader of tests: D, F, S, L. */
static void tell(const struct scratch *s, struct report *findings, char told[TOLD_MAX])
{
    scoped(tree_clear) struct tree tree;
    struct entry entry;
    struct error err = {0};
    size_t n = 0;

    tree_begin(&tree, s->fd, NULL, findings);
    while (tree_next(&tree, &entry, &err))
        n += (size_t)snprintf(told + n, TOLD_MAX - n, "%s%c:%.*s%s%.*s", n > 0 ? " " : "",
                              " DFSL"[entry.kind], (int)entry.path.n,
                              (const char *)entry.path.at, entry.target.n > 0 ? ">" : "",
                              (int)entry.target.n, (const char *)entry.target.at);
    CU_ASSERT_EQUAL(err.msg, E_NONE);
}

static void entries_come_in_walking_order(void)
{
    scoped(scratch_clear) struct scratch s;
    struct report findings = {0};
    char told[TOLD_MAX];

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "mkdir -p a/z b; touch a/x a.b a/z/1 c;"
                                      "ln -s nowhere b/s; ln a/x b/l; rm log"));
    tell(&s, &findings, told);
    CU_ASSERT_STRING_EQUAL(told, "D: D:a F:a/x D:a/z F:a/z/1 F:a.b D:b L:b/l>a/x "
                                 "S:b/s>nowhere F:c");
    CU_ASSERT_EQUAL(findings.n, 0);
}

static void what_has_no_contents_is_told_and_left_out(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(report_clear) struct report findings = {0};
    char told[TOLD_MAX];

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "mkfifo p; touch f; rm log"));
    tell(&s, &findings, told);
    CU_ASSERT_STRING_EQUAL(told, "D: F:f");
    CU_ASSERT_EQUAL_FATAL(findings.n, 1);
    CU_ASSERT_EQUAL(findings.item[0].msg, E_NOT_MOVED);
    CU_ASSERT_EQUAL(report_errors(&findings), 0);
}

static void a_deep_tree_needs_few_descriptors(void)
{
    scoped(scratch_clear) struct scratch s;
    struct report findings = {0};
    scoped(tree_clear) struct tree tree;
    struct entry entry;
    struct error err = {0};
    size_t n = 0;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "d=d; for i in $(seq 1500); do d=$d/d; done;"
                                      "mkdir -p $d && touch $d/f"));
    tree_begin(&tree, s.fd, NULL, &findings);
    while (tree_next(&tree, &entry, &err)) {
        n++;
        CU_ASSERT(!tree.dir_open || tree.dir < 32);
    }
    CU_ASSERT_EQUAL(err.msg, E_NONE);
    CU_ASSERT_EQUAL(n, 1504); /* the root, the log, 1501 directories and a file */
    CU_ASSERT_EQUAL(findings.n, 0);
}

static void a_path_beyond_the_limit_is_told(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(report_clear) struct report findings = {0};
    scoped(tree_clear) struct tree tree;
    struct entry entry;
    struct error err = {0};

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "n=$(printf %0250d 0); d=$n;"
                                      "for i in 1 2 3 4 5 6 7 8; do d=$d/$n; done;"
                                      "mkdir -p $d below/$d && mv below $d"));
    tree_begin(&tree, s.fd, NULL, &findings);
    while (tree_next(&tree, &entry, &err))
        continue;
    CU_ASSERT_EQUAL(err.msg, E_NONE);
    CU_ASSERT_PTR_NOT_NULL(report_find(&findings, E_PATH_LONG));
}

static void facts_of_a_file_are_taken(void)
{
    scoped(scratch_clear) struct scratch s;
    struct report findings = {0};
    scoped(tree_clear) struct tree tree;
    struct entry entry;
    struct error err = {0};

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "printf 12345 >f; chmod 4711 f; rm log;"
                                      "touch -d '2001-02-03 04:05:06.7' f"));
    tree_begin(&tree, s.fd, NULL, &findings);
    CU_ASSERT(tree_next(&tree, &entry, &err) && entry.path.n == 0);
    CU_ASSERT_FATAL(tree_next(&tree, &entry, &err));
    CU_ASSERT(entry.size == 5 && entry.mode == 04711 && entry.mtime_ns == 700000000);
    CU_ASSERT(entry.uid == getuid() && entry.has_identity && entry.identity.inode > 0);
    CU_ASSERT_FALSE(tree_next(&tree, &entry, &err));
}

static void what_is_left_behind_is_named_up_to_a_number(void)
{
    const struct tree_wish wish = {.skip_unreadable = true};
    scoped(scratch_clear) struct scratch s;
    scoped(report_clear) struct report findings = {0};
    scoped(tree_clear) struct tree tree = {0};
    struct entry entry;
    struct error err = {0};
    size_t n = 0;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "mkfifo $(seq 700); : >f"));
    tree_begin(&tree, s.fd, &wish, &findings);
    while (tree_next(&tree, &entry, &err))
        n++;
    CU_ASSERT(n >= 2);
    CU_ASSERT_EQUAL(report_errors(&findings), 0);
    CU_ASSERT_EQUAL(findings.n, TREE_LEFT_NAMED);
    CU_ASSERT_STRING_EQUAL(findings.item[TREE_LEFT_NAMED - 1].about, "and 501 more");
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_left_behind_is_named_up_to_a_number),
        TEST(entries_come_in_walking_order),
        TEST(what_has_no_contents_is_told_and_left_out),
        TEST(a_deep_tree_needs_few_descriptors),
        TEST(a_path_beyond_the_limit_is_told),
        TEST(facts_of_a_file_are_taken),
    };

    return run_tests("tree", tests, COUNT(tests));
}
