/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <unistd.h>

static void begin(struct carry *c, const char *shell)
{
    struct error err = {0};

    carry_make(c, shell);
    carry_list(c);
    CU_ASSERT_FATAL(carry_open(c, &err));
    carry_pages(c);
}

static void nothing_is_sealed_with_a_segment_missing(void)
{
    scoped(carry_clear) struct carry c;
    const struct digest root = {{0}};
    struct error err = {0};

    begin(&c, "head -c 5000000 /dev/zero | tr '\\0' x >big");
    CU_ASSERT(carry_segment(&c, 0, &err));
    CU_ASSERT_FALSE(
        receive_seal(&c.receive, &c.manifest.sum.root, &root, &c.findings, &err));
    CU_ASSERT_EQUAL(err.msg, E_SEGMENTS_MISSING);
}

static void other_roots_are_refused(void)
{
    scoped(carry_clear) struct carry c;
    const struct digest other = {{7}};
    struct error err = {0};

    begin(&c, "printf x >f");
    carry_missing(&c);
    CU_ASSERT_FALSE(receive_seal(&c.receive, &other, &other, &c.findings, &err));
    CU_ASSERT_EQUAL(err.msg, E_ROOTS_DIFFER);
    err = (struct error){0};
    CU_ASSERT_FALSE(
        receive_seal(&c.receive, &c.manifest.sum.root, &other, &c.findings, &err));
    CU_ASSERT_EQUAL(err.msg, E_ROOTS_DIFFER);
    CU_ASSERT_FALSE(c.receive.sealed);
}

static void a_seal_can_be_repeated_after_a_crash_within(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    begin(&c, "mkdir -p d/e && printf x >d/e/f && ln -s f d/e/l && ln d/e/f g &&"
              "{ test $(id -u) != 0 && chmod 500 d/e || chmod 0 d/e; } && chmod 500 d");
    carry_missing(&c);
    CU_ASSERT(carry_seal(&c, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "rm into/.pairgate/m-test/sealed"));
    carry_drop(&c);
    CU_ASSERT_FALSE(c.receive.sealed);
    CU_ASSERT(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

static void a_sealed_tree_takes_nothing_more(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    begin(&c, "printf x >f");
    carry_missing(&c);
    CU_ASSERT(carry_seal(&c, &err));
    CU_ASSERT(carry_segment(&c, 0, &err)); /* here already */
    CU_ASSERT(carry_seal(&c, &err));
    carry_drop(&c);
    CU_ASSERT(c.receive.sealed);
}

/* A manifest of our own making, as a hostile source would send it. */
static void take_list(struct carry *c, struct entry *entry, size_t n)
{
    struct error err = {0};

    carry_make(c, ":");
    manifest_begin(&c->manifest, c->work, 1, c->kind);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_FATAL(manifest_add(&c->manifest, &entry[i], &err));
    CU_ASSERT_FATAL(manifest_close(&c->manifest, &err));
    CU_ASSERT_FATAL(carry_open(c, &err));
    carry_pages(c);
}

static void a_link_through_a_symbolic_link_is_refused(void)
{
    struct entry list[] = {
        {.kind = ENTRY_DIRECTORY, .mode = 0755},
        {.kind = ENTRY_SYMLINK, .path = span_text("a"), .target = span_text("/etc")},
        {.kind = ENTRY_LINK, .path = span_text("b"), .target = span_text("a/passwd")},
    };
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    take_list(&c, list, COUNT(list));
    CU_ASSERT_FALSE(carry_seal(&c, &err));
    CU_ASSERT_EQUAL(err.msg, E_PATH_ESCAPES);
}

static void a_link_to_a_directory_is_refused(void)
{
    struct entry list[] = {
        {.kind = ENTRY_DIRECTORY, .mode = 0755},
        {.kind = ENTRY_DIRECTORY, .path = span_text("a"), .mode = 0755},
        {.kind = ENTRY_LINK, .path = span_text("b"), .target = span_text("a")},
    };
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    take_list(&c, list, COUNT(list));
    CU_ASSERT_FALSE(carry_seal(&c, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_PATH);
}

static void a_link_to_nothing_is_refused(void)
{
    struct entry list[] = {
        {.kind = ENTRY_DIRECTORY, .mode = 0755},
        {.kind = ENTRY_LINK, .path = span_text("b"), .target = span_text("a")},
    };
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    take_list(&c, list, COUNT(list));
    CU_ASSERT_FALSE(carry_seal(&c, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_PATH);
}

static void a_file_of_holes_alone_costs_nothing(void)
{
    struct entry list[] = {
        {.kind = ENTRY_DIRECTORY, .mode = 0755},
        {.kind = ENTRY_FILE,
         .path = span_text("a"),
         .mode = 0600,
         .size = 1ULL << 40,
         .sparse = true},
    };
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    take_list(&c, list, COUNT(list));
    CU_ASSERT_EQUAL(c.manifest.sum.segments, 0);
    CU_ASSERT(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test $(stat -c %s into/tree/a) = 1099511627776"));
}

/* Where this process wrote all of a file there is nothing to see to; the next one looks. */
static void what_was_settled_as_it_came_is_passed_over(void)
{
    const char *const touch = "touch -d @1 into/.pairgate/m-test/tree/f";
    const char *const is_touched = "test $(stat -c %Y into/.pairgate/m-test/tree/f) = 1";
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    begin(&c, "printf x >f && printf x >g && truncate -s 1M g && : >h");
    carry_missing(&c);
    CU_ASSERT(scratch_shell(&c.scratch, touch));
    CU_ASSERT(carry_seal(&c, &err) && scratch_shell(&c.scratch, is_touched));
    CU_ASSERT(scratch_shell(&c.scratch, "rm into/.pairgate/m-test/sealed"));
    carry_drop(&c);
    CU_ASSERT(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

/* No file system has this kind of attribute, and stat does not tell that it is missing. */
static void an_attribute_that_cannot_be_kept_is_told(void)
{
    static const unsigned char attribute[] = "\0\x9nospace.x\0\0\0\1v";
    struct entry list[] = {
        {.kind = ENTRY_DIRECTORY, .mode = 0755},
        {.kind = ENTRY_FILE,
         .path = span_text("f"),
         .mode = 0600,
         .uid = geteuid(),
         .gid = getegid(),
         .size = 1,
         .xattrs = span_of(attribute, sizeof(attribute) - 1)},
    };
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    take_list(&c, list, COUNT(list));
    c.segment.at[0] = 'x';
    c.segment.n = 1;
    digest_of(&c.segment.digest, c.kind, span_of(c.segment.at, 1));
    CU_ASSERT(carry_deliver(&c.receive, &c.segment, &err));
    CU_ASSERT(carry_seal(&c, &err));
    CU_ASSERT_FATAL(c.findings.n == 1);
    CU_ASSERT_EQUAL(c.findings.item[0].msg, E_NOT_KEPT);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(nothing_is_sealed_with_a_segment_missing),
        TEST(other_roots_are_refused),
        TEST(a_seal_can_be_repeated_after_a_crash_within),
        TEST(a_sealed_tree_takes_nothing_more),
        TEST(a_link_through_a_symbolic_link_is_refused),
        TEST(a_link_to_a_directory_is_refused),
        TEST(a_link_to_nothing_is_refused),
        TEST(a_file_of_holes_alone_costs_nothing),
        TEST(what_was_settled_as_it_came_is_passed_over),
        TEST(an_attribute_that_cannot_be_kept_is_told),
    };

    return run_tests("receive_seal", tests, COUNT(tests));
}
