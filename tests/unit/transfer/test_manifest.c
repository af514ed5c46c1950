/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/manifest.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"
#include "transfer/manifest_read.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANY 20000 /* entries, more than one page */

/* A listing of a root and n files of one byte, and an empty manifest that takes it. */
struct lists {
    struct scratch ours, theirs;
    struct manifest from, to;
    struct buf page;
};

static void list(struct lists *lists, unsigned n)
{
    struct entry root = {.kind = ENTRY_DIRECTORY};
    struct error err = {0};

    CU_ASSERT_FATAL(manifest_add(&lists->from, &root, &err));
    for (unsigned i = 0; i < n; i++) {
        char name[32];
        struct entry file = {.kind = ENTRY_FILE, .size = 1};

        snprintf(name, sizeof(name), "file-%08u", i);
        file.path = span_text(name);
        CU_ASSERT_FATAL(manifest_add(&lists->from, &file, &err));
    }
    CU_ASSERT_FATAL(manifest_close(&lists->from, &err));
}

static void lists_make(struct lists *out, unsigned n)
{
    *out = (struct lists){.page = buf_upto(PAGE_BYTES_MAX)};
    scratch_make(&out->ours);
    scratch_make(&out->theirs);
    manifest_begin(&out->from, out->ours.fd, 1, DIGEST_BLAKE3);
    manifest_begin(&out->to, out->theirs.fd, 1, DIGEST_BLAKE3);
    list(out, n);
}

static void lists_clear(struct lists *lists)
{
    manifest_clear(&lists->from);
    manifest_clear(&lists->to);
    buf_clear(&lists->page);
    scratch_clear(&lists->ours);
    scratch_clear(&lists->theirs);
}

static enum msg give_page(struct lists *lists, uint64_t n)
{
    struct error err = {0};

    CU_ASSERT_FATAL(manifest_read_page(&lists->page, &lists->from, n, &err));
    return manifest_take_page(&lists->to, n, buf_span(&lists->page),
                              &lists->from.page[n].digest, &err)
               ? E_NONE
               : err.msg;
}

static void give_all(struct lists *lists)
{
    for (uint64_t n = 0; n < lists->from.n; n++)
        CU_ASSERT_EQUAL_FATAL(give_page(lists, n), E_NONE);
}

static void both_sides_come_to_the_same_sum(void)
{
    scoped(lists_clear) struct lists l;
    struct error err = {0};

    lists_make(&l, MANY);
    CU_ASSERT(l.from.n > 1);
    CU_ASSERT_EQUAL(l.from.sum.bytes, MANY);
    CU_ASSERT_EQUAL(l.from.sum.segments, 1);
    give_all(&l);
    CU_ASSERT(manifest_take_close(&l.to, &l.from.sum, &err));
    CU_ASSERT(manifest_sum_equal(&l.from.sum, &l.to.sum));
    CU_ASSERT(manifest_take_close(&l.to, &l.from.sum, &err));
}

static void it_is_taken_up_from_the_disk(void)
{
    scoped(lists_clear) struct lists l;
    scoped(manifest_clear) struct manifest again = {0};
    scoped(manifest_clear) struct manifest half = {0};
    struct error err = {0};

    lists_make(&l, MANY);
    CU_ASSERT_FATAL(manifest_open(&again, l.ours.fd, 1, DIGEST_BLAKE3, &err));
    CU_ASSERT(again.closed);
    CU_ASSERT(manifest_sum_equal(&again.sum, &l.from.sum));
    CU_ASSERT_EQUAL(give_page(&l, 0), E_NONE);
    CU_ASSERT_FATAL(manifest_open(&half, l.theirs.fd, 1, DIGEST_BLAKE3, &err));
    CU_ASSERT(half.n == 1 && !half.closed);
}

static void pages_come_in_order(void)
{
    scoped(lists_clear) struct lists l;

    lists_make(&l, MANY);
    CU_ASSERT_EQUAL(give_page(&l, 1), E_MANIFEST_SEQUENCE);
    CU_ASSERT_EQUAL(give_page(&l, 0), E_NONE);
    CU_ASSERT_EQUAL(give_page(&l, 0), E_NONE); /* again: it is here */
    CU_ASSERT_EQUAL(give_page(&l, 1), E_NONE);
    CU_ASSERT_EQUAL(l.to.n, 2);
}

static void a_page_with_another_digest_is_refused(void)
{
    scoped(lists_clear) struct lists l;
    struct error err = {0};

    lists_make(&l, 3);
    CU_ASSERT_FATAL(manifest_read_page(&l.page, &l.from, 0, &err));
    l.page.at[l.page.n - 1] ^= 1;
    CU_ASSERT_FALSE(
        manifest_take_page(&l.to, 0, buf_span(&l.page), &l.from.page[0].digest, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_DIGEST);
    CU_ASSERT_EQUAL(l.to.n, 0);
}

static void a_page_that_could_not_be_written_may_come_again(void)
{
    static const char in_its_way[] = "manifest-1.000000.new";
    scoped(lists_clear) struct lists l;

    lists_make(&l, MANY);
    CU_ASSERT_FATAL(mkdirat(l.theirs.fd, in_its_way, 0700) == 0);
    CU_ASSERT_NOT_EQUAL(give_page(&l, 0), E_NONE);
    CU_ASSERT_EQUAL(l.to.n, 0);
    CU_ASSERT_FATAL(unlinkat(l.theirs.fd, in_its_way, AT_REMOVEDIR) == 0);
    give_all(&l);
    CU_ASSERT_EQUAL(l.to.n, l.from.n);
}

static void a_list_made_anew_begins_again(void)
{
    scoped(lists_clear) struct lists l;
    struct error err = {0};

    lists_make(&l, MANY);
    give_all(&l);
    manifest_clear(&l.from);
    manifest_begin(&l.from, l.ours.fd, 1, DIGEST_BLAKE3);
    list(&l, 3);
    CU_ASSERT_EQUAL(l.from.n, 1);
    CU_ASSERT_EQUAL(give_page(&l, 0), E_NONE);
    CU_ASSERT_EQUAL(l.to.n, 1);
    CU_ASSERT(manifest_take_close(&l.to, &l.from.sum, &err));
    CU_ASSERT_FALSE(scratch_has(&l.theirs, "manifest-1.000001"));
    CU_ASSERT_FALSE(scratch_has(&l.ours, "manifest-1.000001"));
}

static void a_closed_list_takes_no_other(void)
{
    scoped(lists_clear) struct lists l;
    struct manifest_sum other;
    struct error err = {0};

    lists_make(&l, 3);
    give_all(&l);
    other = l.from.sum;
    CU_ASSERT_FATAL(manifest_take_close(&l.to, &l.from.sum, &err));
    other.files++;
    CU_ASSERT_FALSE(manifest_take_close(&l.to, &other, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_CLOSED);
    manifest_clear(&l.from);
    manifest_begin(&l.from, l.ours.fd, 1, DIGEST_BLAKE3);
    list(&l, 4);
    CU_ASSERT_EQUAL(give_page(&l, 0), E_MANIFEST_CLOSED);
}

static void a_sum_that_is_not_ours_is_refused(void)
{
    scoped(lists_clear) struct lists l;
    struct manifest_sum sum;
    struct error err = {0};

    lists_make(&l, 3);
    sum = l.from.sum;
    CU_ASSERT_FALSE(manifest_take_close(&l.to, &sum, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_OPEN);
    give_all(&l);
    err = (struct error){0};
    sum.root.byte[0] ^= 1;
    CU_ASSERT_FALSE(manifest_take_close(&l.to, &sum, &err));
    CU_ASSERT_EQUAL(err.msg, E_ROOTS_DIFFER);
    err = (struct error){0};
    sum = l.from.sum;
    sum.segments++;
    CU_ASSERT_FALSE(manifest_take_close(&l.to, &sum, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_LAYOUT);
}

static void a_page_changed_on_disk_is_noticed(void)
{
    scoped(lists_clear) struct lists l;
    struct error err = {0};

    lists_make(&l, 3);
    CU_ASSERT(scratch_shell(&l.ours, "printf x | dd of=manifest-1.000000 bs=1 seek=60"
                                     " conv=notrunc"));
    CU_ASSERT_FALSE(manifest_read_page(&l.page, &l.from, 0, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_DIGEST);
}

static void the_root_so_far_is_over_the_pages_there(void)
{
    scoped(lists_clear) struct lists l;
    struct digest ours, theirs;

    lists_make(&l, MANY);
    give_all(&l);
    manifest_root_so_far(&l.from, &ours);
    manifest_root_so_far(&l.to, &theirs);
    CU_ASSERT(digest_equal(&ours, &theirs));
    CU_ASSERT(digest_equal(&ours, &l.from.sum.root));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(both_sides_come_to_the_same_sum),
        TEST(it_is_taken_up_from_the_disk),
        TEST(pages_come_in_order),
        TEST(a_page_with_another_digest_is_refused),
        TEST(a_page_that_could_not_be_written_may_come_again),
        TEST(a_list_made_anew_begins_again),
        TEST(a_closed_list_takes_no_other),
        TEST(a_sum_that_is_not_ours_is_refused),
        TEST(a_page_changed_on_disk_is_noticed),
        TEST(the_root_so_far_is_over_the_pages_there),
    };

    return run_tests("manifest", tests, COUNT(tests));
}
