/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static void seal(struct carry *c)
{
    struct error err = {0};

    carry_make(c, "mkdir d && printf x >d/f && chmod 500 d");
    carry_list(c);
    CU_ASSERT_FATAL(carry_open(c, &err));
    carry_pages(c);
    carry_missing(c);
    CU_ASSERT_FATAL(carry_seal(c, &err));
}

static void nothing_is_published_before_it_is_sealed(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    carry_make(&c, "printf x >f");
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    CU_ASSERT_FALSE(receive_publish(&c.receive, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/tree"));
}

static void publishing_twice_is_publishing_once(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    seal(&c);
    CU_ASSERT(receive_publish(&c.receive, &err) && receive_publish(&c.receive, &err));
    carry_drop(&c);
    CU_ASSERT(c.receive.published);
    CU_ASSERT(receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

static void a_crash_right_before_the_rename_is_redone(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    seal(&c);
    CU_ASSERT(scratch_shell(&c.scratch, "cd into/.pairgate/m-test &&"
                                        "printf $(stat -c %i tree) >published"));
    carry_drop(&c);
    CU_ASSERT_FALSE(c.receive.published);
    CU_ASSERT(receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

static void what_was_published_can_be_withdrawn(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    seal(&c);
    CU_ASSERT(receive_withdraw(&c.receive, &err)); /* nothing to do */
    CU_ASSERT(receive_publish(&c.receive, &err));
    CU_ASSERT(receive_withdraw(&c.receive, &err) && receive_withdraw(&c.receive, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/tree"));
    CU_ASSERT(receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

static void a_crash_in_the_middle_of_withdrawing_is_redone(void)
{
    static const char stopped[] =
        "mv into/tree x && mv into/.pairgate/m-test/older into/tree"
        " && mv x into/.pairgate/m-test/older"
        " && test ! -e into/.pairgate/m-test/tree";
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    carry_make(&c, "mkdir d && printf x >d/f");
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "mkdir into/tree && : >into/tree/theirs"));
    c.replaces = true;
    carry_all(&c);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, stopped)); /* the exchange back is done */
    CU_ASSERT(receive_withdraw(&c.receive, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test -e into/.pairgate/m-test/tree/d/f"));
    CU_ASSERT(receive_publish(&c.receive, &err));
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, stopped));
    carry_drop(&c);
    CU_ASSERT_FALSE(c.receive.published);
    CU_ASSERT(scratch_shell(&c.scratch, "test -e into/.pairgate/m-test/tree/d/f"
                                        " && test -e into/tree/theirs"));
    CU_ASSERT(receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
    CU_ASSERT(receive_withdraw(&c.receive, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test -e into/tree/theirs"));
}

static void an_empty_tree_does_not_stand_in_for_a_sealed_one(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    seal(&c);
    receive_close(&c.receive);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "mv into/.pairgate/m-test/tree away"));
    CU_ASSERT_FALSE(carry_open(&c, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test ! -e into/.pairgate/m-test/tree"));
}

static void a_destination_made_meanwhile_is_not_replaced(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    seal(&c);
    CU_ASSERT(scratch_shell(&c.scratch, "mkdir into/tree && : >into/tree/theirs"));
    CU_ASSERT_FALSE(receive_publish(&c.receive, &err));
    CU_ASSERT_EQUAL(err.msg, E_DESTINATION_EXISTS);
    CU_ASSERT(scratch_shell(&c.scratch, "test -e into/tree/theirs"));
}

static void only_an_older_copy_that_may_go_is_in_nobodys_way(void)
{
    scoped(carry_clear) struct carry c;
    struct receive_place place = {.migration = "m-test", .name = "tree"};
    struct error err = {0};

    seal(&c);
    place.into = c.receive.into;
    CU_ASSERT(receive_may_publish(&place, &err));
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "mkdir into/tree"));
    CU_ASSERT_FALSE(receive_may_publish(&place, &err));
    CU_ASSERT_EQUAL(err.msg, E_DESTINATION_EXISTS);
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, ": >into/.pairgate/m-test/replaces"));
    CU_ASSERT(receive_may_publish(&place, &err));
    CU_ASSERT_FATAL(scratch_shell(&c.scratch, "rmdir into/tree && : >into/tree"));
    CU_ASSERT_FALSE(receive_may_publish(&place, &err));
    CU_ASSERT_FATAL(scratch_shell(
        &c.scratch, "rm into/tree && mkdir into/tree && mv into/.pairgate/m-test kept &&"
                    " : >into/.pairgate/m-test"));
    err = (struct error){0};
    CU_ASSERT_FALSE(receive_may_publish(&place, &err));
    CU_ASSERT_EQUAL(err.msg, E_FILE_READ);
    CU_ASSERT_FATAL(scratch_shell(
        &c.scratch, "rm into/.pairgate/m-test && mv kept into/.pairgate/m-test"));
}

static void discarding_leaves_nothing_but_what_is_published(void)
{
    scoped(carry_clear) struct carry c;
    scoped(carry_clear) struct carry published;
    struct error err = {0};

    seal(&c);
    CU_ASSERT(receive_discard(&c.receive, false, &err));
    CU_ASSERT(scratch_shell(&c.scratch, "test -z \"$(ls -A into)\""));
    seal(&published);
    CU_ASSERT(receive_publish(&published.receive, &err));
    CU_ASSERT(receive_discard(&published.receive, false, &err));
    CU_ASSERT(carry_is_same(&published));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(nothing_is_published_before_it_is_sealed),
        TEST(publishing_twice_is_publishing_once),
        TEST(a_crash_right_before_the_rename_is_redone),
        TEST(what_was_published_can_be_withdrawn),
        TEST(a_crash_in_the_middle_of_withdrawing_is_redone),
        TEST(an_empty_tree_does_not_stand_in_for_a_sealed_one),
        TEST(a_destination_made_meanwhile_is_not_replaced),
        TEST(only_an_older_copy_that_may_go_is_in_nobodys_way),
        TEST(discarding_leaves_nothing_but_what_is_published),
    };

    return run_tests("receive_publish", tests, COUNT(tests));
}
