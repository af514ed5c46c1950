/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker and supervisor over their socket pair: what a worker may ask and what it may not.
 */
#include "agent/authority.h"
#include "agent/pipe.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/worker.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static void a_proven_code_gives_a_grant_and_a_migration(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer answer;
    struct handover handover = {0};
    struct migration_facts facts = {0};
    struct grant grant = {0};
    struct error err = {0};

    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &answer), E_NONE);
    CU_ASSERT(text_starts(answer.grant.id, "g-"));
    CU_ASSERT(text_starts(answer.grant.migration, "m-"));
    CU_ASSERT_EQUAL(answer.grant.issued, NOON);
    CU_ASSERT_EQUAL(answer.grant.expires, NOON + GRANT_SECONDS);
    CU_ASSERT(authority_grant(&f->authority, answer.grant.migration, &grant, &err));
    CU_ASSERT_STRING_EQUAL(grant.id, answer.grant.id);
    CU_ASSERT(authority_migration(&f->authority, answer.grant.migration, &handover, &facts,
                                  &err));
    CU_ASSERT_STRING_EQUAL(facts.name, "data");
    CU_ASSERT_STRING_EQUAL(facts.peer, "source.example.com");
    CU_ASSERT_EQUAL(facts.kind, DIGEST_BLAKE3);
}

static void the_same_key_proves_again_and_gets_the_same(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer first, again, other;

    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &first), E_NONE);
    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 2, 'k', 'e', &again), E_NONE);
    CU_ASSERT_STRING_EQUAL(first.grant.id, again.grant.id);
    CU_ASSERT_EQUAL(prove(f, &f->code, 3, 'l', 'e', &other), E_CODE_USED);
}

/* What was redeemed in one second by one key is told apart by the code. */
static void a_used_code_opens_its_own_migration_only(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer first, second, answer;
    struct code code = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(invitation_make(&code, &f->state.db, "", NOON, NOON + 60, &err));
    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &first), E_NONE);
    f->name = "other";
    CU_ASSERT_EQUAL_FATAL(prove(f, &code, 2, 'k', 'e', &second), E_NONE);
    CU_ASSERT_STRING_NOT_EQUAL(first.grant.migration, second.grant.migration);
    CU_ASSERT_EQUAL(prove(f, &code, 3, 'k', 'e', &answer), E_NONE);
    CU_ASSERT_STRING_EQUAL(answer.grant.migration, second.grant.migration);
    CU_ASSERT_EQUAL(prove(f, &f->code, 4, 'k', 'e', &answer), E_CODE_ELSEWHERE);
    f->name = NULL;
    CU_ASSERT_EQUAL(prove(f, &f->code, 5, 'k', 'e', &answer), E_NONE);
    CU_ASSERT_STRING_EQUAL(answer.grant.migration, first.grant.migration);
    f->migration = second.grant.migration;
    CU_ASSERT_EQUAL(prove(f, &f->code, 6, 'k', 'e', &answer), E_CODE_ELSEWHERE);
}

static void wrong_secrets_are_counted_until_the_code_is_closed(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct code wrong = f->code;
    struct authority_answer answer;

    wrong.secret[0] = wrong.secret[0] == '0' ? '1' : '0';
    for (uint64_t i = 0; i < CODE_FAILURES_MAX; i++)
        CU_ASSERT_EQUAL(prove(f, &wrong, 1 + i, 'k', 'e', &answer), E_SCRAM);
    CU_ASSERT_EQUAL(prove(f, &f->code, 9, 'k', 'e', &answer), E_CODE_WRONG);
}

static void a_proof_of_another_channel_fails(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer answer;

    CU_ASSERT_EQUAL(prove(f, &f->code, 1, 'k', 'x', &answer), E_SCRAM);
    CU_ASSERT_EQUAL(prove(f, &f->code, 2, 'k', 'e', &answer), E_NONE);
}

static void exchanges_are_bounded_and_forgotten(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_ask ask;

    for (uint64_t i = 1; i <= SCRAM_EXCHANGES; i++)
        CU_ASSERT_EQUAL(begin(f, i, f->code.selector), E_NONE);
    CU_ASSERT_EQUAL(begin(f, 100, f->code.selector), E_BUSY);
    ask_make(&ask, AUTHORITY_FORGET, 7, 'k');
    CU_ASSERT_EQUAL(ask_do(f, &ask, NULL), E_NONE);
    CU_ASSERT_EQUAL(begin(f, 100, f->code.selector), E_NONE);
}

static void another_selector_ends_an_exchange(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);

    CU_ASSERT_EQUAL(begin(f, 1, f->code.selector), E_NONE);
    CU_ASSERT_EQUAL(begin(f, 1, f->code.selector ^ 1), E_CODE_WRONG);
    CU_ASSERT_EQUAL(begin(f, 2, f->code.selector ^ 1), E_CODE_WRONG);
}

/* A free place has connection 0, selector 0 and no exchange. */
static void a_proof_on_no_connection_is_refused(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);

    CU_ASSERT_EQUAL(begin(f, 0, 0), E_SUPERVISOR);
    CU_ASSERT_EQUAL(begin(f, 0, f->code.selector), E_SUPERVISOR);
}

static void a_grant_is_renewed_for_its_key_alone(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer first = {0}, answer = {0};
    struct error err = {0};
    const char *migration = first.grant.migration;

    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &first), E_NONE);
    CU_ASSERT_EQUAL(again(f, migration, 'k', NOON + 500, &answer), E_NONE);
    CU_ASSERT_EQUAL(answer.grant.expires, NOON + 500 + GRANT_SECONDS);
    CU_ASSERT_EQUAL(again(f, migration, 'l', NOON, &answer), E_GRANT_UNKNOWN);
    CU_ASSERT_EQUAL(again(f, "m-none", 'k', NOON, &answer), E_GRANT_UNKNOWN);
    CU_ASSERT_FATAL(grant_revoke(&f->state.db, first.grant.id, &err));
    CU_ASSERT_EQUAL(again(f, migration, 'k', NOON, &answer), E_GRANT_REVOKED);
}

static enum msg adopt(struct fixture *f, const char *id, const char *migration, char key)
{
    struct authority_ask ask;

    ask_make(&ask, AUTHORITY_ADOPT, 0, key);
    (void)text_fits(ask.grant.id, id);
    (void)text_fits(ask.grant.migration, migration);
    ask.grant.expires = NOON + GRANT_SECONDS;
    return ask_do(f, &ask, NULL);
}

/* What the new pair of verdicts says of the peer counts, not what the old one said. */
static void a_renewed_grant_has_the_keys_of_now(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer first, answer = {0};
    struct authority_ask ask;
    struct grant held = {0};
    struct error err = {0};

    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &first), E_NONE);
    ask_make(&ask, AUTHORITY_AGAIN, 2, 'k');
    (void)text_fits(ask.migration, first.grant.migration);
    memset(ask.grant.peer_server_key.byte, 's', DIGEST_BYTES);
    ask.grant.pinned = true;
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_NONE);
    CU_ASSERT_FATAL(grant_load(&held, &f->state.db, first.grant.migration, "target", &err));
    CU_ASSERT_EQUAL(held.peer_server_key.byte[0], 's');
    CU_ASSERT(held.pinned);
}

/* Unless a test lets it stand, it is the machine's, whatever the worker has seen. */
static void grants_are_issued_by_our_own_clock(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer answer;
    const time_t before = time(NULL);

    f->office.stands = 0;
    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &answer), E_NONE);
    CU_ASSERT(answer.grant.issued >= before && answer.grant.issued <= time(NULL));
}

/* A target that knows the ids of another target's migration gains nothing by them. */
static void a_source_adopts_no_grant_over_another_targets(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(false);
    struct grant grant = {0};
    struct error err = {0};

    CU_ASSERT_EQUAL(adopt(f, "g-1", "m-1", 'k'), E_NONE);
    CU_ASSERT_EQUAL(adopt(f, "g-1", "m-1", 'k'), E_NONE);
    CU_ASSERT_EQUAL(adopt(f, "g-2", "m-1", 'l'), E_GRANT_KEY);
    CU_ASSERT_EQUAL(adopt(f, "g-1", "m-2", 'l'), E_GRANT_KEY);
    CU_ASSERT_FATAL(authority_grant(&f->authority, "m-1", &grant, &err));
    CU_ASSERT_EQUAL(grant.peer_server_key.byte[0], 'k');
}

/* A target that hands out the id of something else gets neither its row nor its plan. */
static void a_source_adopts_no_grant_for_another_tree(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(false);
    struct authority_ask ask;
    struct error err = {0};

    CU_ASSERT_EQUAL(adopt(f, "g-1", "m-1", 'k'), E_NONE);
    ask_make(&ask, AUTHORITY_ADOPT, 0, 'k');
    (void)text_fits(ask.grant.id, "g-2");
    (void)text_fits(ask.grant.migration, "m-1");
    (void)text_fits(ask.facts.directory, "/home");
    CU_ASSERT_EQUAL(ask_do(f, &ask, NULL), E_MIGRATION_OTHER);
    (void)text_fits(ask.migration, "m-1");
    CU_ASSERT_EQUAL(ask_do(f, &ask, NULL), E_MIGRATION_OTHER);
    (void)text_fits(ask.facts.directory, "/srv");
    (void)text_fits(ask.facts.name, "other");
    CU_ASSERT_EQUAL(ask_do(f, &ask, NULL), E_MIGRATION_OTHER);
    CU_ASSERT_FATAL(grant_load(&ask.grant, &f->state.db, "m-1", "source", &err));
    CU_ASSERT_STRING_EQUAL(ask.grant.id, "g-1");
}

/* What is past sending is gone on with by whoever asked for it, and begun by nobody. */
static void a_source_adopts_a_frozen_migration_it_asked_for(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(false);
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    const struct handover_act act = {.event = WILL_FREEZE, .statement = &text, .now = NOON};
    struct handover after = {0};
    struct authority_ask ask;
    struct error err = {0};

    CU_ASSERT_EQUAL(adopt(f, "g-1", "m-1", 'k'), E_NONE);
    CU_ASSERT_FATAL(buf_add_text(&text.body, "notice", &err) &&
                    buf_add_text(&text.signature, "signature", &err));
    CU_ASSERT_FATAL(authority_move(&f->authority, "m-1", &act, &after, &err));
    CU_ASSERT_EQUAL(adopt(f, "g-1", "m-1", 'k'), E_MIGRATION_EXISTS);
    ask_make(&ask, AUTHORITY_ADOPT, 0, 'k');
    (void)text_fits(ask.grant.id, "g-1");
    (void)text_fits(ask.grant.migration, "m-1");
    (void)text_fits(ask.migration, "m-1");
    CU_ASSERT_EQUAL(ask_do(f, &ask, NULL), E_NONE);
}

static void each_side_has_its_own_requests(void)
{
    scoped(fixture_free) struct fixture *target = fixture_make(true);
    scoped(fixture_free) struct fixture *source = fixture_make(false);
    struct authority_ask ask;
    struct authority_answer answer = {0};

    CU_ASSERT_EQUAL(adopt(target, "g-1", "m-1", 'k'), E_SUPERVISOR);
    CU_ASSERT_EQUAL(begin(source, 1, source->code.selector), E_SUPERVISOR);
    CU_ASSERT_EQUAL(again(source, "m-1", 'k', NOON, &answer), E_SUPERVISOR);
    ask_make(&ask, AUTHORITY_WAIT, 1, 'k');
    CU_ASSERT_EQUAL(ask_do(source, &ask, &answer), E_SUPERVISOR);
    ask_make(&ask, AUTHORITY_PASSWORD_STEP, 1, 'k');
    CU_ASSERT_EQUAL(ask_do(source, &ask, &answer), E_SUPERVISOR);
}

/* A worker of the management API: who we are, and nothing that grants or tells. */
static void a_worker_of_the_api_asks_for_credentials_alone(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_ask ask;
    struct authority_answer answer = {0};

    f->office.credentials_only = true;
    for (int op = 0; op < AUTHORITY_OPS; op++) {
        if (op == AUTHORITY_CREDENTIALS)
            continue;
        ask_make(&ask, (enum authority_op)op, 1, 'k');
        CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_SUPERVISOR);
    }
    CU_ASSERT_EQUAL(begin(f, 1, f->code.selector), E_SUPERVISOR);
}

static void owners_are_looked_up_for_the_worker(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct owner root = {.name = "root", .id = 7}, zero = {0};
    struct owner nobody = {.name = "nobody-of-that-name"};
    struct authority_ask ask;
    struct authority_answer answer = {0};

    CU_ASSERT(authority_owner(&f->authority, OWNER_USER, &root));
    CU_ASSERT_EQUAL(root.id, 0);
    CU_ASSERT(authority_owner(&f->authority, OWNER_GROUP, &zero));
    CU_ASSERT_STRING_EQUAL(zero.name, "root");
    CU_ASSERT_FALSE(authority_owner(&f->authority, OWNER_USER, &nobody));
    ask_make(&ask, AUTHORITY_OWNER, 1, 'k');
    ask.owner_kind = (enum owner_kind)OWNER_KINDS;
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_SUPERVISOR);
}

/* What a hijacked worker might send: each is refused, and the next good one answered. */
static void malformed_requests_are_refused(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_ask ask;
    struct authority_answer answer = {0};
    struct grant grant = {0};
    struct error err = {0};

    ask_make(&ask, (enum authority_op)AUTHORITY_OPS, 1, 'k');
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_SUPERVISOR);
    ask_make(&ask, (enum authority_op) - 1, 1, 'k');
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_SUPERVISOR);
    ask_make(&ask, AUTHORITY_STATEMENT, 1, 'k');
    ask.kept = (enum statement_kept)99;
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_SUPERVISOR);
    ask_make(&ask, AUTHORITY_GRANT, 1, 'k');
    memset(ask.migration, 'x', sizeof(ask.migration));
    memset(ask.scram, 'x', sizeof(ask.scram));
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_GRANT_UNKNOWN);
    ask_make(&ask, AUTHORITY_JOURNAL_ADD, 1, 'k');
    ask.n = SIZE_MAX / sizeof(struct finished) + 1;
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_SUPERVISOR);
    ask_make(&ask, AUTHORITY_MOVE, 1, 'k');
    ask.event = (enum handover_event)1000;
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_SUPERVISOR);
    CU_ASSERT_FALSE(authority_grant(&f->authority, "m-none", &grant, &err));
    CU_ASSERT_EQUAL(err.msg, E_GRANT_UNKNOWN);
}

/* A length beyond the ceiling cannot be skipped: the channel ends, nothing is allocated. */
static void a_length_beyond_the_ceiling_ends_the_channel(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_ask ask;
    struct error err = {0};

    ask_make(&ask, AUTHORITY_GRANT, 1, 'k');
    ask.first_n = SIZE_MAX;
    CU_ASSERT_FATAL(pipe_send(f->authority.socket, span_of(&ask, sizeof(ask)),
                              (struct span){0}, (struct span){0}, &err));
    authority_close(&f->authority);
    pthread_join(f->thread, NULL);
    CU_ASSERT_EQUAL(f->ended.msg, E_TOO_LARGE);
    CU_ASSERT_FATAL(pthread_create(&f->thread, NULL, fixture_supervise, f) == 0);
}

static void half_a_request_is_told(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);

    CU_ASSERT_FATAL(send(f->authority.socket, "half", 4, 0) == 4);
    authority_close(&f->authority);
    pthread_join(f->thread, NULL);
    CU_ASSERT_EQUAL(f->ended.msg, E_SUPERVISOR);
    CU_ASSERT_FATAL(pthread_create(&f->thread, NULL, fixture_supervise, f) == 0);
}

static void a_supervisor_that_has_gone_is_told(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct grant grant = {0};
    struct error err = {0};

    shutdown(f->supervisor, SHUT_RDWR);
    CU_ASSERT_FALSE(authority_grant(&f->authority, "m-1", &grant, &err));
    CU_ASSERT_EQUAL(err.msg, E_SUPERVISOR);
}

/* Whose key holds a grant learns that a migration is unknown, and of no other one. */
static void an_unknown_migration_is_told_to_the_granted_alone(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer own;
    struct code code = {0};
    struct error made = {0};
    char others[MIGRATION_ID_MAX];
    const struct {
        const char *migration;
        char key;
        enum msg msg;
    } cases[] = {
        {own.grant.migration, 'k', E_NONE}, {"m-none", 'k', E_MIGRATION_UNKNOWN},
        {others, 'k', E_MIGRATION_UNKNOWN}, {"m-none", 'z', E_NOT_PAIRED},
        {others, 'z', E_NOT_PAIRED},
    };

    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'l', 'e', &own), E_NONE);
    (void)text_fits(others, own.grant.migration);
    CU_ASSERT_FATAL(invitation_make(&code, &f->state.db, "", NOON, NOON + 60, &made));
    CU_ASSERT_EQUAL_FATAL(prove(f, &code, 2, 'k', 'e', &own), E_NONE);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct grant grant = {0};
        struct digest key;
        struct error err = {0};

        memset(&key, cases[i].key, sizeof(key));
        (void)!authority_grant_of(&f->authority, cases[i].migration, &key, &grant, &err);
        CU_ASSERT_EQUAL(err.msg, cases[i].msg);
        CU_ASSERT_EQUAL(grant.id[0] != '\0', err.msg == E_NONE);
    }
}

/* Half an answer: the other half would be read as the answer to the next question. */
static void nothing_is_asked_after_half_an_answer(void)
{
    struct authority authority = {0};
    struct authority_answer *answer = mem_zeroed(1, sizeof(*answer));
    struct error first = {0}, second = {0};
    struct grant grant = {0};
    char sent[sizeof(struct authority_ask) + 1];
    int ends[2];

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    authority_open(&authority, ends[0]);
    answer->first_n = AUTHORITY_BYTES_MAX + 1; /* refused before it is read */
    CU_ASSERT_FATAL(send(ends[1], answer, sizeof(*answer), 0) == (ssize_t)sizeof(*answer));
    *answer = (struct authority_answer){.grant = {.id = "g-of-another"}};
    CU_ASSERT_FATAL(send(ends[1], answer, sizeof(*answer), 0) == (ssize_t)sizeof(*answer));
    CU_ASSERT_FALSE(authority_grant(&authority, "m-1", &grant, &first));
    CU_ASSERT_FALSE(authority_grant(&authority, "m-2", &grant, &second));
    CU_ASSERT_EQUAL(second.msg, E_SUPERVISOR);
    CU_ASSERT_STRING_EQUAL(grant.id, "");
    CU_ASSERT_EQUAL(recv(ends[1], sent, sizeof(sent), 0), sizeof(struct authority_ask));
    authority_close(&authority);
    fd_close(&ends[1]);
    mem_free(answer);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_proven_code_gives_a_grant_and_a_migration),
        TEST(the_same_key_proves_again_and_gets_the_same),
        TEST(a_used_code_opens_its_own_migration_only),
        TEST(wrong_secrets_are_counted_until_the_code_is_closed),
        TEST(a_proof_of_another_channel_fails),
        TEST(exchanges_are_bounded_and_forgotten),
        TEST(another_selector_ends_an_exchange),
        TEST(a_proof_on_no_connection_is_refused),
        TEST(a_grant_is_renewed_for_its_key_alone),
        TEST(an_unknown_migration_is_told_to_the_granted_alone),
        TEST(nothing_is_asked_after_half_an_answer),
        TEST(a_renewed_grant_has_the_keys_of_now),
        TEST(grants_are_issued_by_our_own_clock),
        TEST(a_source_adopts_no_grant_over_another_targets),
        TEST(a_source_adopts_no_grant_for_another_tree),
        TEST(a_source_adopts_a_frozen_migration_it_asked_for),
        TEST(each_side_has_its_own_requests),
        TEST(a_worker_of_the_api_asks_for_credentials_alone),
        TEST(owners_are_looked_up_for_the_worker),
        TEST(malformed_requests_are_refused),
        TEST(a_length_beyond_the_ceiling_ends_the_channel),
        TEST(half_a_request_is_told),
        TEST(a_supervisor_that_has_gone_is_told),
    };

    return run_tests("authority", tests, COUNT(tests));
}
