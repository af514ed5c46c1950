/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/send.h"

#include "tests/support/run.h"
#include "tests/support/target.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>

/* A source with nothing listed, and a target that answers every POST with {}. */
struct talk {
    struct target target;
    struct send send;
    struct put line;
    struct signed_text text;
    struct error err;
};

static const struct handover_terms terms = {.generation = 1, .epoch = 1};

static void talk_make(struct talk *out)
{
    *out = (struct talk){.text = signed_text_none()};
    target_begin(&out->target, NULL);
    out->send.line = &out->line;
    out->send.route = target_route(&out->target);
    snprintf(out->send.base, sizeof(out->send.base), "/pairgate/v1/migrations/m-test");
    CU_ASSERT_FATAL(buf_add_text(&out->text.body, "body", &out->err));
}

static void talk_clear(struct talk *talk)
{
    signed_text_clear(&talk->text);
    put_close(&talk->line);
    target_end(&talk->target);
}

static void an_empty_answer_is_enough_where_nothing_is_asked(void)
{
    scoped(talk_clear) struct talk t;

    talk_make(&t);
    CU_ASSERT(send_freeze(&t.target.grant, &t.send, &t.text, &t.err));
    CU_ASSERT(send_seal(&t.target.grant, &t.send, &terms, &t.err));
    CU_ASSERT(send_countersign(&t.target.grant, &t.send, span_text("s"), &t.err));
    CU_ASSERT_EQUAL(t.target.requests, 3);
    CU_ASSERT_EQUAL(t.target.connections, 1);
}

static void what_has_broken_is_asked_on_another_connection(void)
{
    scoped(talk_clear) struct talk t;

    talk_make(&t);
    CU_ASSERT(send_freeze(&t.target.grant, &t.send, &t.text, &t.err));
    target_hang_up(&t.target);
    CU_ASSERT(send_seal(&t.target.grant, &t.send, &terms, &t.err));
    atomic_store(&t.target.break_every, t.target.requests + 1);
    CU_ASSERT(send_countersign(&t.target.grant, &t.send, span_text("s"), &t.err));
    CU_ASSERT_EQUAL(t.target.connections, 3);
}

/* What was judged by its key alone is no granted peer for that. */
static void every_question_is_judged_by_its_own_route(void)
{
    scoped(talk_clear) struct talk t;

    talk_make(&t);
    t.send.route.by_key = true;
    t.target.grant.expires = AT_NOON - 1;
    CU_ASSERT(send_countersign(&t.target.grant, &t.send, span_text("s"), &t.err));
    t.send.route.by_key = false;
    CU_ASSERT_FALSE(send_freeze(&t.target.grant, &t.send, &t.text, &t.err));
    CU_ASSERT_EQUAL(t.err.msg, E_GRANT_EXPIRED);
    CU_ASSERT_EQUAL(t.target.requests, 1);
}

static void an_answer_without_its_statement_is_none(void)
{
    scoped(talk_clear) struct talk t;
    scoped(signed_text_clear) struct signed_text answer = signed_text_none();

    talk_make(&t);
    CU_ASSERT_FALSE(send_commit(&t.target.grant, &t.send, &terms, &answer, &t.err));
    CU_ASSERT_EQUAL(t.err.msg, E_WIRE_BAD);
    t.err = (struct error){0};
    CU_ASSERT_FALSE(send_abort(&t.target.grant, &t.send, &answer, &t.err));
    CU_ASSERT_EQUAL(t.err.msg, E_WIRE_BAD);
}

static void another_peer_is_told_nothing(void)
{
    scoped(talk_clear) struct talk t;

    talk_make(&t);
    t.target.grant.peer_server_key.byte[0] ^= 1;
    CU_ASSERT_FALSE(send_freeze(&t.target.grant, &t.send, &t.text, &t.err));
    CU_ASSERT_FALSE(send_seal(&t.target.grant, &t.send, &terms, &t.err));
    CU_ASSERT_EQUAL(t.target.requests, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(an_empty_answer_is_enough_where_nothing_is_asked),
        TEST(what_has_broken_is_asked_on_another_connection),
        TEST(every_question_is_judged_by_its_own_route),
        TEST(an_answer_without_its_statement_is_none),
        TEST(another_peer_is_told_nothing),
    };

    signal(SIGPIPE, SIG_IGN);
    return run_tests("send_handover", tests, COUNT(tests));
}
