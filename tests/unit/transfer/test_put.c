/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/put.h"

#include "tests/support/run.h"
#include "tests/support/target.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* One request to a fresh target, and what became of it. */
struct trial {
    struct target target;
    struct put put;
    struct reply reply;
    struct error err;
    bool again;
};

static void trial_make(struct trial *out)
{
    *out = (struct trial){.reply = reply_none()};
    target_begin(&out->target, NULL);
}

static void trial_clear(struct trial *trial)
{
    put_close(&trial->put);
    reply_clear(&trial->reply);
    target_end(&trial->target);
}

static bool ask(struct trial *t, const char *method, struct span body)
{
    const struct request request = {.method = method,
                                    .path = "/pairgate/v1/x",
                                    .kind = body.n > 0 ? BODY_BYTES : BODY_NONE,
                                    .body = body,
                                    .patience = 1};
    const struct route route = target_route(&t->target);

    if (t->put.curl == NULL)
        CU_ASSERT_FATAL(put_open(&t->put, &t->target.grant, &route, &t->err));
    t->err = (struct error){0};
    return put_request(&t->put, &request, &t->reply, &t->again, &t->err);
}

static void a_granted_peer_is_asked(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    CU_ASSERT(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_EQUAL(t.reply.status, 200);
    CU_ASSERT(span_equal(buf_span(&t.reply.body), span_text("{}")));
    CU_ASSERT(ask(&t, "PUT", span_text("body")));
    CU_ASSERT(ask(&t, "POST", span_text("body")));
    CU_ASSERT(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_EQUAL(t.target.connections, 1);
    CU_ASSERT_STRING_EQUAL(put_facts(&t.put)->version, "TLSv1.3");
}

static void another_key_gets_no_byte_of_a_request(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    t.target.grant.peer_server_key.byte[0] ^= 1;
    CU_ASSERT_FALSE(ask(&t, "PUT", span_text("secret")));
    CU_ASSERT_FALSE(t.again);
    CU_ASSERT_NOT_EQUAL(t.err.msg, E_NONE);
    CU_ASSERT_EQUAL(t.target.requests, 0);
}

static void an_expired_grant_gets_no_byte_either(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    CU_ASSERT(ask(&t, "GET", (struct span){0}));
    atomic_store(&t.target.clock, t.target.grant.expires + 1);
    CU_ASSERT_FALSE(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_EQUAL(t.target.requests, 1);
    CU_ASSERT_FALSE(t.again);
}

static void a_root_no_longer_trusted_ends_it(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    trust_clear(&t.target.source.trust);
    CU_ASSERT_FALSE(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_EQUAL(t.err.msg, E_TRUST_NO_PATH);
    CU_ASSERT_EQUAL(t.target.requests, 0);
}

static void a_refusal_is_told_by_its_id(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    atomic_store(&t.target.refuse_status, 507);
    CU_ASSERT_FALSE(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_EQUAL(t.err.msg, E_DISK_FULL);
    CU_ASSERT_EQUAL(t.err.side, SIDE_TARGET);
    CU_ASSERT_FALSE(t.again);
    atomic_store(&t.target.refuse_status, 503);
    CU_ASSERT_FALSE(ask(&t, "GET", (struct span){0}));
    CU_ASSERT(t.again);
}

static void nobody_listening_may_be_tried_again(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    snprintf(t.target.endpoint.port, sizeof(t.target.endpoint.port), "1");
    CU_ASSERT_FALSE(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_EQUAL(t.err.msg, E_PUT_UNREACHABLE);
    CU_ASSERT(t.again);
}

static void a_broken_connection_may_be_tried_again(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    atomic_store(&t.target.break_every, 1);
    CU_ASSERT_FALSE(ask(&t, "PUT", span_text("body")));
    CU_ASSERT_EQUAL(t.err.msg, E_PUT_BROKEN);
    CU_ASSERT(t.again);
    atomic_store(&t.target.break_every, 0);
    CU_ASSERT(ask(&t, "PUT", span_text("body")));
}

static void a_connection_that_died_idle_is_no_trouble(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT(ask(&t, "PUT", span_text("body")));
        target_hang_up(&t.target);
    }
    CU_ASSERT_EQUAL(t.target.connections, 3);
    CU_ASSERT_EQUAL(t.target.requests, 3);
}

static void a_refused_peer_is_judged_again(void)
{
    scoped(trial_clear) struct trial t;

    trial_make(&t);
    CU_ASSERT(ask(&t, "GET", (struct span){0}));
    target_hang_up(&t.target);
    t.target.grant.peer_server_key.byte[0] ^= 1;
    for (int i = 0; i < 3; i++)
        CU_ASSERT_FALSE(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_NOT_EQUAL(t.put.judged, AT_NOON);
    CU_ASSERT_EQUAL(t.target.requests, 1);
}

static void a_silent_peer_is_not_waited_for_for_ever(void)
{
    scoped(trial_clear) struct trial t;
    const time_t begun = time(NULL);

    trial_make(&t);
    atomic_store(&t.target.silent, true);
    CU_ASSERT_FALSE(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_EQUAL(t.err.msg, E_PUT_BROKEN);
    CU_ASSERT(t.again);
    CU_ASSERT(time(NULL) - begun < 10);
}

static void a_stop_is_heeded(void)
{
    scoped(trial_clear) struct trial t;
    const atomic_bool stop = true;
    struct route route;

    trial_make(&t);
    route = target_route(&t.target);
    route.stop = &stop;
    CU_ASSERT_FATAL(put_open(&t.put, &t.target.grant, &route, &t.err));
    CU_ASSERT_FALSE(ask(&t, "GET", (struct span){0}));
    CU_ASSERT_EQUAL(t.err.msg, E_STOPPED);
    CU_ASSERT_FALSE(t.again);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_granted_peer_is_asked),
        TEST(another_key_gets_no_byte_of_a_request),
        TEST(an_expired_grant_gets_no_byte_either),
        TEST(a_root_no_longer_trusted_ends_it),
        TEST(a_refusal_is_told_by_its_id),
        TEST(nobody_listening_may_be_tried_again),
        TEST(a_broken_connection_may_be_tried_again),
        TEST(a_connection_that_died_idle_is_no_trouble),
        TEST(a_refused_peer_is_judged_again),
        TEST(a_silent_peer_is_not_waited_for_for_ever),
        TEST(a_stop_is_heeded),
    };

    signal(SIGPIPE, SIG_IGN);
    return run_tests("put", tests, COUNT(tests));
}
