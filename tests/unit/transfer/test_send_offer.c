/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/run.h"
#include "tests/support/trip.h"

#include <CUnit/CUnit.h>
#include <signal.h>

/* The target has a copy of the tree, which `shell` then changes. */
static void trip_with_copy(struct trip *t, const char *shell)
{
    trip_make(t, "head -c 9000000 /dev/urandom >big; mkdir d;"
                 "for i in $(seq 200); do seq $i >d/$i; done");
    CU_ASSERT_FATAL(scratch_shell(&t->carry.scratch, "cp -a from into/tree"));
    CU_ASSERT_FATAL(scratch_shell(&t->carry.scratch, shell));
    t->carry.replaces = true;
    carry_drop(&t->carry);
    send_close(&t->send);
    carry_list(&t->carry);
    trip_open(t);
}

static void what_is_there_is_not_sent(void)
{
    scoped(trip_clear) struct trip t;

    trip_with_copy(&t, "touch from/big from/d/7");
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT_EQUAL(t.send.progress.spared, t.send.manifest.sum.bytes);
    CU_ASSERT_EQUAL(t.send.progress.bytes, t.send.manifest.sum.bytes);
    trip_finish(&t);
}

static void of_the_rest_the_pieces_are_sent(void)
{
    scoped(trip_clear) struct trip t;

    trip_with_copy(&t, "echo other >from/d/7; rm from/d/9; echo new >from/d/new");
    t.send.streams = 4;
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT(t.send.progress.spared < t.send.manifest.sum.bytes);
    CU_ASSERT(t.send.progress.spared + 1000 > t.send.manifest.sum.bytes);
    trip_finish(&t);
}

static void what_is_all_new_is_sent_whole(void)
{
    scoped(trip_clear) struct trip t;

    trip_with_copy(&t, "head -c 9000000 /dev/urandom >from/big");
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT(t.send.progress.spared < 1000000);
    trip_finish(&t);
}

static void who_insists_on_a_copy_is_refused_without_one(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, "printf x >f");
    t.send.insists = true;
    CU_ASSERT_FALSE(trip_go(&t));
    CU_ASSERT_EQUAL(t.err.msg, E_BASIS_NONE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_there_is_not_sent),
        TEST(of_the_rest_the_pieces_are_sent),
        TEST(what_is_all_new_is_sent_whole),
        TEST(who_insists_on_a_copy_is_refused_without_one),
    };

    signal(SIGPIPE, SIG_IGN);
    return run_tests("send_offer", tests, COUNT(tests));
}
