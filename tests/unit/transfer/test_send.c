/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/send.h"

#include "tests/support/carry.h"
#include "tests/support/run.h"
#include "tests/support/target.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static const char tree[] = "head -c 30000000 /dev/urandom >big; mkdir d;"
                           "for i in $(seq 500); do seq $i >d/$i; done";

/* A listed tree, a target that waits for it, and the source's end. */
struct trip {
    struct carry carry;
    struct target target;
    struct send send;
    struct error err;
};

static void trip_make(struct trip *out, const char *shell)
{
    *out = (struct trip){0};
    carry_make(&out->carry, shell);
    carry_list(&out->carry);
    CU_ASSERT_FATAL(carry_open(&out->carry, &out->err));
    target_begin(&out->target, &out->carry.receive);
    CU_ASSERT_FATAL(send_open(&out->send, out->carry.work, out->carry.from, 1,
                              out->carry.kind, &out->err));
    out->send.route = target_route(&out->target);
    snprintf(out->send.base, sizeof(out->send.base), "/pairgate/v1/migrations/m-test");
}

static void trip_clear(struct trip *trip)
{
    send_close(&trip->send);
    target_end(&trip->target);
    carry_clear(&trip->carry);
}

static bool go(struct trip *t)
{
    t->err = (struct error){0};
    return send_tree(&t->target.grant, &t->send, &t->err);
}

/* Roots as the source computes them; then the tree is there. */
static void finish(struct trip *t)
{
    struct digest contents;

    CU_ASSERT_FATAL(send_contents_root(&t->send, &contents, &t->err));
    CU_ASSERT_FATAL(receive_seal(&t->carry.receive, &t->send.manifest.sum.root, &contents,
                                 &t->carry.findings, &t->err));
    CU_ASSERT(receive_publish(&t->carry.receive, &t->err));
    CU_ASSERT(carry_is_same(&t->carry));
}

static void one_stream_brings_it_all(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, tree);
    CU_ASSERT_FATAL(go(&t));
    CU_ASSERT_EQUAL(t.send.progress.segments, t.send.manifest.sum.segments);
    CU_ASSERT_EQUAL(t.send.progress.bytes, t.send.manifest.sum.bytes);
    CU_ASSERT_EQUAL(t.send.progress.bytes_total, t.send.manifest.sum.bytes);
    CU_ASSERT_EQUAL(t.send.progress.files, 501);
    finish(&t);
}

static void so_do_eight(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, tree);
    t.send.streams = 8;
    CU_ASSERT_FATAL(go(&t));
    finish(&t);
}

static void what_is_there_is_not_sent_again(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, tree);
    CU_ASSERT_FATAL(go(&t));
    t.send.progress.segments = 0;
    CU_ASSERT_FATAL(go(&t));
    CU_ASSERT_EQUAL(t.send.progress.segments, 0);
    finish(&t);
}

static void broken_connections_are_got_over(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, tree);
    atomic_store(&t.target.break_every, 4);
    t.send.streams = 3;
    CU_ASSERT_FATAL(go(&t));
    CU_ASSERT(t.target.connections > 4); /* libcurl or we tried again */
    finish(&t);
}

static void a_refusal_ends_all_streams(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, tree);
    atomic_store(&t.target.refuse_status, 507);
    t.send.streams = 4;
    CU_ASSERT_FALSE(go(&t));
    CU_ASSERT_EQUAL(t.err.msg, E_DISK_FULL);
    atomic_store(&t.target.refuse_status, 0);
    CU_ASSERT_FATAL(go(&t));
    finish(&t);
}

static void a_file_that_changed_ends_it_by_name(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, tree);
    CU_ASSERT(scratch_shell(&t.carry.scratch, "echo more >>from/big"));
    t.send.streams = 4;
    CU_ASSERT_FALSE(go(&t));
    CU_ASSERT_EQUAL(t.err.msg, E_FILE_CHANGED);
    CU_ASSERT_STRING_EQUAL(t.err.about, "big");
}

static void digests_that_got_lost_are_read_again(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, tree);
    CU_ASSERT_FATAL(go(&t));
    CU_ASSERT(scratch_shell(&t.carry.scratch, "truncate -s 64 work/digests-1"));
    finish(&t);
}

static void a_new_listing_takes_the_place_of_the_old(void)
{
    scoped(trip_clear) struct trip t;
    scoped(report_clear) struct report findings = {0};

    trip_make(&t, "printf old >f");
    CU_ASSERT_FATAL(scratch_shell(&t.carry.scratch, "printf new-and-longer >from/f"));
    send_close(&t.send);
    CU_ASSERT_FATAL(
        send_scan(t.carry.work, t.carry.from, 1, t.carry.kind, &findings, &t.err));
    CU_ASSERT_FATAL(
        send_open(&t.send, t.carry.work, t.carry.from, 1, t.carry.kind, &t.err));
    t.send.route = target_route(&t.target);
    snprintf(t.send.base, sizeof(t.send.base), "/pairgate/v1/migrations/m-test");
    CU_ASSERT_FATAL(go(&t));
    finish(&t);
}

static void more_than_granted_is_not_even_begun(void)
{
    scoped(trip_clear) struct trip t;

    trip_make(&t, tree);
    t.target.grant.byte_ceiling = 1000;
    CU_ASSERT_FALSE(go(&t));
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
    CU_ASSERT_FATAL(go(&t));
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
    CU_ASSERT(send_scan(c.work, c.from, 1, c.kind, &c.findings, &err));
    CU_ASSERT_EQUAL(report_errors(&c.findings), 0);
    CU_ASSERT_PTR_NOT_NULL(report_find(&c.findings, E_NOT_MOVED));
    CU_ASSERT(send_open(&send, c.work, c.from, 1, c.kind, &err));
    send_close(&send);
    (void)fail(&err, E_NOT_READABLE, "made up");
    report_add(&c.findings, &err);
    err = (struct error){0};
    CU_ASSERT(send_scan(c.work, c.from, 1, c.kind, &c.findings, &err));
    CU_ASSERT_FALSE(send_open(&send, c.work, c.from, 1, c.kind, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_OPEN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(one_stream_brings_it_all),
        TEST(so_do_eight),
        TEST(what_is_there_is_not_sent_again),
        TEST(broken_connections_are_got_over),
        TEST(a_refusal_ends_all_streams),
        TEST(a_file_that_changed_ends_it_by_name),
        TEST(digests_that_got_lost_are_read_again),
        TEST(a_new_listing_takes_the_place_of_the_old),
        TEST(more_than_granted_is_not_even_begun),
        TEST(a_limit_is_kept),
        TEST(a_tree_that_cannot_be_read_is_not_listed),
    };

    signal(SIGPIPE, SIG_IGN);
    return run_tests("send", tests, COUNT(tests));
}
