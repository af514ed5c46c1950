/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/run.h"
#include "tests/support/trip.h"

#include <CUnit/CUnit.h>
#include <signal.h>

static void eight_streams_bring_it_all(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, TRIP_TREE);
    t.send.streams = 8;
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT(t.target.connections <= 8); /* the questions go over the first one */
    trip_finish(&t);
}

static void broken_connections_are_got_over(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, TRIP_TREE);
    atomic_store(&t.target.break_every, 4);
    t.send.streams = 3;
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT(t.target.connections > 4); /* libcurl or we tried again */
    trip_finish(&t);
}

static void nothing_waits_for_streams_that_are_not_let_in(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, TRIP_TREE);
    atomic_store(&t.target.most, 1);
    t.send.streams = 4;
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT_EQUAL(t.target.connections, 1);
    trip_finish(&t);
}

static void a_refusal_ends_all_streams(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, TRIP_TREE);
    atomic_store(&t.target.refuse_status, 507);
    t.send.streams = 4;
    CU_ASSERT_FALSE(trip_go(&t));
    CU_ASSERT_EQUAL(t.err.msg, E_DISK_FULL);
    atomic_store(&t.target.refuse_status, 0);
    CU_ASSERT_FATAL(trip_go(&t));
    trip_finish(&t);
}

static void a_file_that_changed_is_sent_and_noted(void)
{
    scoped(trip_clear) struct trip t;
    scoped(changed_clear) struct changed_list changed = {0};

    trip_make(&t, TRIP_TREE);
    CU_ASSERT(scratch_shell(&t.carry.scratch, "echo more >>from/big"));
    t.send.streams = 4;
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT_FATAL(changed_read(&changed, t.carry.work, 1, &t.err));
    CU_ASSERT(changed_has(&changed, span_text("big")));
    CU_ASSERT_FALSE(changed_has(&changed, span_text("other")));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(eight_streams_bring_it_all),
        TEST(broken_connections_are_got_over),
        TEST(nothing_waits_for_streams_that_are_not_let_in),
        TEST(a_refusal_ends_all_streams),
        TEST(a_file_that_changed_is_sent_and_noted),
    };

    signal(SIGPIPE, SIG_IGN);
    return run_tests("send_stream", tests, COUNT(tests));
}
