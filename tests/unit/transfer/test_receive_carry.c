/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <seccomp.h>

static const char tree[] =
    "mkdir -p a/b gone 'odd\377' && head -c 9000000 /dev/urandom >big && seq 900 >a/one &&"
    "seq 800 >a/b/two && seq 700 >gone/three && ln a/one link && ln -s big soft &&"
    "truncate -s 3M hole && printf x >>hole && seq 9 >'odd\377/f' && chmod 4751 a/b/two &&"
    "touch -d 2001-02-03T04:05:06.7 a/one && chmod 555 a && sleep 0.05";

/* Two generations, `shell` between them, the second one as far as it can be sealed. */
static void second_pass(struct carry *c, const char *shell)
{
    struct error err = {0};

    carry_make(c, tree);
    carry_list(c);
    CU_ASSERT_FATAL(carry_open(c, &err));
    carry_pages(c);
    carry_missing(c);
    CU_ASSERT_FATAL(receive_is_whole(&c->receive, &err));
    carry_next(c, shell);
    carry_pages(c);
    carry_drop(c);
    carry_missing(c);
}

static void it_arrives_as_it_is_then(void)
{
    static const char *const changes[] = {
        ":",
        "printf new >from/new; rm -r from/gone; seq 5 >from/big",
        "rm from/big; mkdir from/big; seq 7 >from/big/in; rm -r from/gone; : >from/gone",
        "chmod 700 from/a; mv from/a/one from/a/uno; chmod 600 from/a/b/two",
        "rm from/link; cp -p from/hole from/link; ln from/big from/again",
        "touch -d @5 from/a/b/two; setfattr -n user.k -v v from/big || :; chmod 711 from",
        "rm from/soft; ln -s hole from/soft; mv from/gone from/came; truncate -s 1 from/hole",
        "rm -r from/odd*; printf y | dd of=from/big bs=1 seek=5000000 conv=notrunc",
    };

    for (size_t i = 0; i < COUNT(changes); i++) {
        scoped(carry_clear) struct carry c;
        struct error err = {0};

        second_pass(&c, changes[i]);
        CU_ASSERT_FATAL(carry_seal(&c, &err));
        carry_drop(&c);
        CU_ASSERT_FATAL(receive_publish(&c.receive, &err));
        CU_ASSERT(carry_is_same(&c));
    }
}

static void what_is_referred_to_is_the_same_inode(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    second_pass(&c,
                "printf new >from/new; stat -c %i into/.pairgate/m-test/tree/big >inode");
    CU_ASSERT(carry_seal(&c, &err));
    CU_ASSERT(scratch_shell(
        &c.scratch, "test $(stat -c %i into/.pairgate/m-test/tree/big) = $(cat inode)"));
}

static void a_sealed_generation_can_be_followed_by_another(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    second_pass(&c, "printf new >from/new");
    CU_ASSERT_FATAL(carry_seal(&c, &err));
    CU_ASSERT(c.receive.sealed);
    carry_next(&c, "printf 3 >from/third; rm from/link; chmod 755 from/a");
    CU_ASSERT_FALSE(c.receive.sealed);
    carry_pages(&c);
    carry_missing(&c);
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate/m-test/before-1"));
    CU_ASSERT_FATAL(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
    CU_ASSERT(receive_discard(&c.receive, false, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate"));
}

static void a_generation_with_gaps_is_not_whole(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    carry_make(&c, tree);
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    CU_ASSERT_FALSE(receive_is_whole(&c.receive, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_OPEN);
    carry_pages(&c);
    err = (struct error){0};
    CU_ASSERT_FALSE(receive_is_whole(&c.receive, &err));
    CU_ASSERT_EQUAL(err.msg, E_SEGMENTS_MISSING);
}

static void a_reference_to_nothing_is_refused(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    carry_make(&c, "seq 5 >f; sleep 0.05");
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    carry_missing(&c);
    /* Another tree's second generation, whose first one the target has never seen. */
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "rm from/f; seq 6 >from/f; sleep 0.05"));
    carry_list(&c);
    c.generation = 2;
    carry_list(&c);
    carry_drop(&c);
    CU_ASSERT_FATAL(c.manifest.n == 1);
    {
        scoped(buf_clear) struct buf page = buf_upto(PAGE_BYTES_MAX);

        CU_ASSERT_FATAL(manifest_read_page(&page, &c.manifest, 0, &err));
        CU_ASSERT_FATAL(
            receive_page(&c.receive, 0, buf_span(&page), &c.manifest.page[0].digest, &err));
    }
    CU_ASSERT_FALSE(receive_manifest(&c.receive, &c.manifest.sum, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_REFERENCE);
}

static void begin_kept(struct carry *c)
{
    struct error err = {0};

    carry_make(c, "seq 90 >f && sleep 0.05");
    c->kept = RECEIVE_KEPT "1";
    carry_list(c);
    CU_ASSERT_FATAL(carry_open(c, &err));
}

/* All of the first generation, and a second one with nothing new. */
static void two_generations_kept(struct carry *c)
{
    begin_kept(c);
    carry_pages(c);
    carry_missing(c);
    carry_next(c, "mkdir from/d");
}

static void sweep(struct carry *c)
{
    const struct receive_place place = {
        .into = c->into, .migration = "m-test", .generation = 3, .kept = c->kept};
    struct error err = {0};

    CU_ASSERT_FATAL(receive_sweep(&place, &err));
}

static bool is_kept(const struct carry *c)
{
    return scratch_shell(&c->scratch, "test ! -e into/.pairgate/m-test &&"
                                      " seq 90 | cmp - into/.pairgate/kept-1/f");
}

static void a_second_generation_that_brought_nothing_is_kept(void)
{
    for (int closed = 0; closed < 2; closed++)
        for (int crashed = 0; crashed < 2; crashed++) {
            scoped(carry_clear) struct carry c;
            struct error err = {0};

            two_generations_kept(&c);
            if (closed)
                carry_pages(&c);
            if (crashed) {
                receive_close(&c.receive);
                sweep(&c);
            } else {
                CU_ASSERT_FATAL(receive_discard(&c.receive, true, &err));
            }
            CU_ASSERT(is_kept(&c));
        }
}

static void a_next_try_that_brought_nothing_keeps_what_it_found(void)
{
    for (int closed = 0; closed < 2; closed++) {
        scoped(carry_clear) struct carry c;
        struct error err = {0};

        begin_kept(&c);
        carry_pages(&c);
        carry_missing(&c);
        CU_ASSERT_FATAL(receive_discard(&c.receive, true, &err));
        CU_ASSERT_FATAL(carry_open(&c, &err));
        if (closed)
            carry_pages(&c);
        CU_ASSERT_FATAL(receive_discard(&c.receive, true, &err));
        CU_ASSERT(is_kept(&c));
    }
}

/* Killed at each of its renames, it goes on. */
static void what_was_kept_once_stays_kept(void)
{
    static const char *const stopped[] = {
        "rm -r into/.pairgate/m-test/tree",
        "rm -r into/.pairgate/m-test/tree && mv into/.pairgate/m-test/before-1 "
        "into/.pairgate/m-test/tree",
        "rm -r into/.pairgate/m-test/tree && mv into/.pairgate/m-test/before-1 "
        "into/.pairgate/kept-1",
    };

    for (size_t i = 0; i < COUNT(stopped); i++) {
        scoped(carry_clear) struct carry c;
        struct error err = {0};

        two_generations_kept(&c);
        CU_ASSERT_FATAL(scratch_shell(&c.scratch, stopped[i]));
        CU_ASSERT_FATAL(receive_discard(&c.receive, true, &err));
        CU_ASSERT(is_kept(&c));
    }
}

static void directories_alone_are_not_kept(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    carry_make(&c, "mkdir d && seq 5 >d/f");
    c.kept = RECEIVE_KEPT "1";
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    CU_ASSERT_FATAL(receive_discard(&c.receive, true, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate"));
}

/* Stopped between setting one aside and removing the one before it. */
static void what_is_older_than_before_goes_at_the_next_start(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    two_generations_kept(&c);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "mkdir into/.pairgate/m-test/before-0"));
    carry_drop(&c);
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate/m-test/before-0"));
    CU_ASSERT_FATAL(receive_discard(&c.receive, false, &err));
}

/* For the rest of this program, as on a file system that has no holes. */
static void forbid_punching(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    CU_ASSERT_FATAL(filter != NULL);
    CU_ASSERT_FATAL(
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EOPNOTSUPP), SCMP_SYS(fallocate), 0) == 0 &&
        seccomp_load(filter) == 0);
    seccomp_release(filter);
}

static void what_is_received_stays_where_no_hole_can_be_punched(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    carry_make(&c, "truncate -s 3M hole && seq 9000 >>hole && sleep 0.05");
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    carry_missing(&c);
    forbid_punching();
    carry_next(&c, "rm from/hole && seq 7 >from/hole && truncate -s 4M from/hole");
    carry_pages(&c);
    carry_missing(&c);
    carry_drop(&c);
    CU_ASSERT_FATAL(carry_seal(&c, &err) && receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(it_arrives_as_it_is_then),
        TEST(what_is_referred_to_is_the_same_inode),
        TEST(a_sealed_generation_can_be_followed_by_another),
        TEST(a_generation_with_gaps_is_not_whole),
        TEST(a_reference_to_nothing_is_refused),
        TEST(a_second_generation_that_brought_nothing_is_kept),
        TEST(a_next_try_that_brought_nothing_keeps_what_it_found),
        TEST(what_was_kept_once_stays_kept),
        TEST(directories_alone_are_not_kept),
        TEST(what_is_older_than_before_goes_at_the_next_start),
        TEST(what_is_received_stays_where_no_hole_can_be_punched),
    };

    return run_tests("receive_carry", tests, COUNT(tests));
}
