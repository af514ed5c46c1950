/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/send.h"

#include "tests/support/run.h"
#include "tests/support/trip.h"
#include "transfer/send_parts.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static void one_stream_brings_it_all(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, TRIP_TREE);
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT_EQUAL(t.send.progress.segments, t.send.manifest.sum.segments);
    CU_ASSERT_EQUAL(t.send.progress.bytes, t.send.manifest.sum.bytes);
    CU_ASSERT_EQUAL(t.send.progress.bytes_total, t.send.manifest.sum.bytes);
    CU_ASSERT_EQUAL(t.send.progress.files, 501);
    CU_ASSERT_EQUAL(t.send.progress.passing, 0);
    trip_finish(&t);
}

static void what_is_there_is_not_sent_again(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, TRIP_TREE);
    CU_ASSERT_FATAL(trip_go(&t));
    t.send.progress.segments = 0;
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT_EQUAL(t.send.progress.segments, 0);
    trip_finish(&t);
}

/* By a connection of its own, so that nobody but us tries again. */
static bool asked_again(struct trip *t)
{
    scoped(put_close) struct put put = {0};
    scoped(reply_clear) struct reply reply = reply_none();
    const struct question question = {.method = "GET", .below = ""};

    CU_ASSERT_FATAL(put_open(&put, &t->target.grant, &t->send.route, &t->err));
    CU_ASSERT_FATAL(ask(&t->send, &put, &question, &reply, &t->err));
    return reply.repeated;
}

static void an_answer_says_whether_it_was_asked_for_twice(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, "printf x >f");
    CU_ASSERT_FALSE(asked_again(&t));
    atomic_store(&t.target.break_every, t.target.requests + 1);
    CU_ASSERT(asked_again(&t));
}

static void digests_that_got_lost_are_read_again(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, TRIP_TREE);
    CU_ASSERT_FATAL(trip_go(&t));
    CU_ASSERT(scratch_shell(&t.carry.scratch, "truncate -s 64 work/digests-1"));
    trip_finish(&t);
}

static void a_new_listing_takes_the_place_of_the_old(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, "printf old >f");
    CU_ASSERT_FATAL(scratch_shell(&t.carry.scratch, "printf new-and-longer >from/f"));
    send_close(&t.send);
    carry_list(&t.carry);
    trip_open(&t);
    CU_ASSERT_FATAL(trip_go(&t));
    trip_finish(&t);
}

static void more_than_granted_is_not_even_begun(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, TRIP_TREE);
    t.target.grant.byte_ceiling = 1000;
    CU_ASSERT_FALSE(trip_go(&t));
    CU_ASSERT_EQUAL(t.err.msg, E_BYTES_CEILING);
    CU_ASSERT_EQUAL(t.target.requests, 0);
}

static void a_limit_is_kept(void)
{
    scoped(trip_clear) struct trip t;
    struct timespec begun, ended;
    struct pace pace;
    double seconds;

    trip_make(&t, "head -c 3000000 /dev/urandom >f");
    pace_begin(&pace, 1500000);
    t.send.route.pace = &pace;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    CU_ASSERT_FATAL(trip_go(&t));
    clock_gettime(CLOCK_MONOTONIC, &ended);
    seconds = (double)(ended.tv_sec - begun.tv_sec) +
              (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
    CU_ASSERT(seconds > 1.6 && seconds < 3.5);
    pace_end(&pace);
}

static void a_tree_that_cannot_be_read_is_not_listed(void)
{
    scoped(carry_clear) struct carry c;
    struct send send;
    struct error err = {0};

    carry_make(&c, "mkfifo pipe; printf x >f");
    carry_list(&c);
    CU_ASSERT_EQUAL(report_errors(&c.findings), 0);
    CU_ASSERT_PTR_NOT_NULL(report_find(&c.findings, E_NOT_MOVED));
    CU_ASSERT(send_open(&send, c.work, c.from, 1, c.kind, &err));
    send_close(&send);
    (void)fail(&err, E_NOT_READABLE, "made up");
    report_add(&c.findings, &err);
    err = (struct error){0};
    carry_list(&c);
    CU_ASSERT_FALSE(send_open(&send, c.work, c.from, 1, c.kind, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_OPEN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(one_stream_brings_it_all),
        TEST(what_is_there_is_not_sent_again),
        TEST(an_answer_says_whether_it_was_asked_for_twice),
        TEST(digests_that_got_lost_are_read_again),
        TEST(a_new_listing_takes_the_place_of_the_old),
        TEST(more_than_granted_is_not_even_begun),
        TEST(a_limit_is_kept),
        TEST(a_tree_that_cannot_be_read_is_not_listed),
    };

    signal(SIGPIPE, SIG_IGN);
    return run_tests("send", tests, COUNT(tests));
}
