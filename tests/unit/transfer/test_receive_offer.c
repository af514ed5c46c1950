/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/offer.h"

#include "base/fs.h"
#include "base/mem.h"
#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Every missing segment offered, and given what is wanted of it. *given are the bytes. */
static void offer_all(struct carry *c, size_t *given)
{
    struct ranges missing = {0};
    struct error err = {0};

    *given = 0;
    CU_ASSERT_FATAL(receive_missing(&c->receive, 0, &missing, &err));
    for (size_t i = 0; i < missing.n; i++)
        for (uint64_t n = missing.item[i].first; n <= missing.item[i].last; n++) {
            scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
            struct ranges wanted = {0};
            bool fits = false;
            size_t before;

            CU_ASSERT_FATAL(segment_read(&c->segment, &c->manifest, c->from, n, &err));
            CU_ASSERT_FATAL(offer_write(&sheet, &c->segment, &c->manifest, &err));
            before = sheet.body.n;
            CU_ASSERT_FATAL(
                receive_offer(&c->receive, n, buf_span(&sheet.body), &wanted, &err));
            if (wanted.n == 0) {
                ranges_clear(&wanted);
                continue;
            }
            CU_ASSERT_FATAL(offer_give(&sheet, &c->segment, &wanted, &fits, &err));
            *given += fits ? sheet.body.n - before - 8 * wanted.n : c->segment.n;
            ranges_clear(&wanted);
            CU_ASSERT_FATAL(
                fits ? receive_offer(&c->receive, n, buf_span(&sheet.body), &wanted, &err)
                     : carry_segment(c, n, &err));
            CU_ASSERT_EQUAL(wanted.n, 0);
            ranges_clear(&wanted);
        }
    ranges_clear(&missing);
}

static const char tree[] =
    "mkdir d && head -c 13000000 /dev/urandom >big && seq 900 >d/a && seq 800 >d/b &&"
    "truncate -s 3M hole && head -c 2000000 /dev/urandom >>hole && sleep 0.05";

/* `shell` changes the tree between the generations; what is given of the second one. */
static size_t given_after(const char *shell)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};
    size_t given;

    carry_make(&c, tree);
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    carry_missing(&c);
    carry_next(&c, shell);
    carry_pages(&c);
    offer_all(&c, &given);
    carry_drop(&c);
    CU_ASSERT_FATAL(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
    return given;
}

static void what_only_looks_changed_is_not_sent(void)
{
    CU_ASSERT_EQUAL(given_after("chmod 600 from/big; touch from/d/a; ln from/d/b from/l"),
                    0);
    CU_ASSERT_EQUAL(given_after("cp -p from/big x; mv x from/big; touch from/hole"), 0);
    CU_ASSERT_EQUAL(
        given_after("setfattr -n user.k -v v from/d/a || :; setfacl -m u:nobody:r from/d/b"
                    " || :; touch -r from/d/a from/d/b"),
        0);
}

static void of_a_large_file_the_difference_is_sent(void)
{
    const size_t given = given_after(
        "printf y | dd of=from/big bs=1 seek=5000000 conv=notrunc; seq 5 >from/n");

    CU_ASSERT(given > 0 && given <= SEGMENT_BYTES + 10);
}

static void a_file_that_shrank_or_lost_its_data_is_right(void)
{
    (void)given_after("truncate -s 5000000 from/big; truncate -s 4000000 from/hole");
    (void)given_after(
        "fallocate -p -o 0 -l 4194304 from/big; truncate -s 20000000 from/big");
    (void)given_after("rm from/hole; truncate -s 5097152 from/hole");
}

static void a_lie_about_the_segment_is_refused(void)
{
    scoped(carry_clear) struct carry c;
    scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
    struct ranges wanted = {0};
    struct error err = {0};

    carry_make(&c, "printf one >a; sleep 0.05");
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    carry_missing(&c);
    carry_next(&c, "touch from/a");
    carry_pages(&c);
    CU_ASSERT_FATAL(segment_read(&c.segment, &c.manifest, c.from, 0, &err));
    c.segment.digest.byte[0] ^= 1;
    CU_ASSERT_FATAL(offer_write(&sheet, &c.segment, &c.manifest, &err));
    CU_ASSERT_FALSE(receive_offer(&c.receive, 0, buf_span(&sheet.body), &wanted, &err));
    CU_ASSERT_EQUAL(err.msg, E_OFFER_BAD);
    ranges_clear(&wanted);
}

static void an_older_copy_is_compared_with_and_not_touched(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};
    size_t given;

    carry_make(&c, tree);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch,
                                  "cp -a from into/tree && seq 3 >into/tree/x"
                                  " && cp -a into/tree copy && seq 7 99 >from/d/a"));
    c.replaces = true;
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    offer_all(&c, &given);
    CU_ASSERT(given > 0 && given < 1000);
    CU_ASSERT(scratch_shell(&c.scratch, "diff -r into/tree copy"));
    c.replaces = false; /* it was permitted once */
    carry_drop(&c);
    CU_ASSERT_FATAL(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    carry_drop(&c);
    CU_ASSERT(c.receive.published);
    CU_ASSERT(carry_is_same(&c));
    CU_ASSERT_FATAL(receive_withdraw(&c.receive, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "diff -r into/tree copy"));
    CU_ASSERT_FATAL(receive_publish(&c.receive, &err));
    CU_ASSERT_FATAL(receive_discard(&c.receive, false, &err));
    CU_ASSERT(carry_is_same(&c));
    CU_ASSERT(scratch_shell(&c.scratch, "diff -r into/.pairgate/older-m-test copy"));
}

/* Opening a device may already do something: the kernel tells whether it was opened. */
static void what_is_no_file_is_never_opened(void)
{
    scoped(carry_clear) struct carry c;
    scoped(fd_close) int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char path[PATH_MAX + 16], seen[1024];
    struct error err = {0};
    size_t given;

    carry_make(&c, "seq 900 >f && seq 90 >g");
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "mkdir into/tree && mkfifo into/tree/f &&"
                                              " cp -p from/g into/tree"));
    snprintf(path, sizeof(path), "%s/into/tree/f", c.scratch.path);
    c.replaces = true;
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    CU_ASSERT_FATAL(watch >= 0 && inotify_add_watch(watch, path, IN_OPEN) >= 0);
    offer_all(&c, &given);
    CU_ASSERT_EQUAL(read(watch, seen, sizeof(seen)), -1);
    CU_ASSERT_EQUAL(errno, EAGAIN);
    CU_ASSERT_FATAL(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

static void what_a_failed_try_has_left_serves_the_next_one(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};
    size_t given;

    carry_make(&c, tree);
    c.kept = RECEIVE_KEPT "1";
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    carry_missing(&c);
    CU_ASSERT_FATAL(carry_seal(&c, &err));
    CU_ASSERT_FATAL(receive_discard(&c.receive, true, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate/m-test"));
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "seq 7 9 >from/d/a; rm from/d/b"));
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    offer_all(&c, &given);
    CU_ASSERT(given > 0 && given < 1000);
    CU_ASSERT_FATAL(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
    CU_ASSERT_FATAL(receive_discard(&c.receive, false, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_only_looks_changed_is_not_sent),
        TEST(of_a_large_file_the_difference_is_sent),
        TEST(a_file_that_shrank_or_lost_its_data_is_right),
        TEST(a_lie_about_the_segment_is_refused),
        TEST(an_older_copy_is_compared_with_and_not_touched),
        TEST(what_is_no_file_is_never_opened),
        TEST(what_a_failed_try_has_left_serves_the_next_one),
    };

    return run_tests("receive_offer", tests, COUNT(tests));
}
