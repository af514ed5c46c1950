/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the supervisor gives a grant for besides a code: a password, an approval. */
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/worker.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* Prove a password on a connection as far as it goes; `pause` is what the first step costs.
 */
static enum msg prove_password(struct fixture *f, const char *user, const char *password,
                               uint64_t connection, struct authority_answer *answer)
{
    scoped(scram_free) struct scram *source = NULL;
    struct tls_facts facts = {0};
    struct authority_ask ask;
    struct error err = {0};
    unsigned pause = 0;
    bool done = false;

    *answer = (struct authority_answer){0};
    memset(facts.exporter, 'e', sizeof(facts.exporter));
    CU_ASSERT_FATAL(scram_client_of(&source, user, password, &facts, &err));
    while (!answer->done) {
        enum msg msg;

        ask_make(&ask, AUTHORITY_PASSWORD_STEP, connection, 'k');
        (void)text_fits(ask.user, user);
        if (!scram_step(source, answer->scram, ask.scram, &done, &err))
            return err.msg;
        msg = ask_do(f, &ask, answer);
        pause += answer->pause;
        answer->pause = pause;
        if (msg != E_NONE)
            return msg;
    }
    return E_NONE;
}

#define PASSWORD "correct horse battery"

static void a_proven_password_gives_a_grant(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer first, second;
    struct error err = {0};

    CU_ASSERT_FATAL(admin_add(&f->state.db, "root", PASSWORD, ADMIN_FULL, NOON, &err));
    CU_ASSERT_EQUAL(prove_password(f, "root", PASSWORD, 1, &first), E_NONE);
    CU_ASSERT(text_starts(first.grant.id, "g-"));
    CU_ASSERT_EQUAL(prove_password(f, "root", PASSWORD, 2, &second), E_NONE);
    CU_ASSERT_STRING_NOT_EQUAL(first.grant.id, second.grant.id);
}

static void unknown_names_and_wrong_passwords_look_alike(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer known, unknown;
    struct error err = {0};

    CU_ASSERT_FATAL(admin_add(&f->state.db, "root", PASSWORD, ADMIN_FULL, NOON, &err));
    for (uint64_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(prove_password(f, "root", "wrong horse battery", 1 + i, &known),
                        E_PASSWORD_WRONG);
        CU_ASSERT_EQUAL(prove_password(f, "nobody", "wrong horse battery", 9 + i, &unknown),
                        E_PASSWORD_WRONG);
        CU_ASSERT_EQUAL(known.pause, unknown.pause);
    }
    CU_ASSERT_EQUAL(known.pause, 2);
    /* Slow, but open to whoever knows it. */
    CU_ASSERT_EQUAL(prove_password(f, "root", PASSWORD, 30, &known), E_NONE);
    CU_ASSERT_EQUAL(known.pause, 4);
    CU_ASSERT_EQUAL(prove_password(f, "root", PASSWORD, 31, &known), E_NONE);
    CU_ASSERT_EQUAL(known.pause, 0);
}

static void a_code_and_a_password_do_not_mix_in_one_exchange(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer answer;

    CU_ASSERT_EQUAL(begin(f, 1, f->code.selector), E_NONE);
    CU_ASSERT_EQUAL(prove_password(f, "root", PASSWORD, 1, &answer), E_CODE_WRONG);
}

static enum msg wait_ask(struct fixture *f, char channel, struct authority_answer *answer)
{
    struct authority_ask ask;

    ask_make(&ask, AUTHORITY_WAIT, 1, 'k');
    if (f->name != NULL)
        (void)text_fits(ask.facts.name, f->name);
    memset(ask.exporter, channel, sizeof(ask.exporter));
    (void)text_fits(ask.view.code, "ABCD-EFGH");
    return ask_do(f, &ask, answer);
}

/* The id of the only pairing that waits. */
static void pairing_id(struct fixture *f, char id[PAIRING_ID_MAX])
{
    scoped(query_end) struct query row = {0};
    struct pairing pairing = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(pairing_list(&row, &f->state.db, &err));
    while (query_next(&row, &err) && pairing_read(&pairing, &row, &err))
        if (pairing.state == PAIRING_PENDING)
            (void)text_copy(id, PAIRING_ID_MAX, pairing.id);
}

static void an_approved_pairing_gives_one_grant(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer answer = {0}, again = {0};
    char id[PAIRING_ID_MAX] = "";
    struct error err = {0};

    CU_ASSERT_EQUAL(wait_ask(f, 'e', &answer), E_NONE);
    CU_ASSERT(answer.waiting && !answer.done);
    CU_ASSERT_EQUAL(answer.expires, NOON + PAIRING_SECONDS);
    pairing_id(f, id);
    CU_ASSERT(pairing_decide(&f->state.db, id, true, NOON, &err));
    CU_ASSERT_EQUAL(wait_ask(f, 'e', &answer), E_NONE);
    CU_ASSERT(answer.done && !answer.waiting);
    CU_ASSERT_EQUAL(wait_ask(f, 'e', &again), E_NONE);
    CU_ASSERT_STRING_EQUAL(answer.grant.id, again.grant.id);
    CU_ASSERT_EQUAL(wait_ask(f, 'x', &again), E_NONE);
    CU_ASSERT(again.waiting);
}

/* The operator was shown one name, and the source collects by another. */
static void an_approval_is_for_the_name_that_was_shown(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer answer = {0};
    char id[PAIRING_ID_MAX] = "";
    struct error err = {0};

    CU_ASSERT_EQUAL(wait_ask(f, 'e', &answer), E_NONE);
    pairing_id(f, id);
    f->name = "other";
    CU_ASSERT_EQUAL(wait_ask(f, 'e', &answer), E_PAIRING_OTHER);
    CU_ASSERT(pairing_decide(&f->state.db, id, true, NOON, &err));
    CU_ASSERT_EQUAL(wait_ask(f, 'e', &answer), E_PAIRING_OTHER);
    CU_ASSERT_FALSE(answer.done);
    f->name = NULL;
    CU_ASSERT_EQUAL(wait_ask(f, 'e', &answer), E_NONE);
    CU_ASSERT(answer.done);
    CU_ASSERT_STRING_EQUAL(answer.facts.name, "data");
}

static void a_connection_that_ends_leaves(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer answer = {0};
    struct authority_ask ask;

    CU_ASSERT_EQUAL(wait_ask(f, 'e', &answer), E_NONE);
    ask_make(&ask, AUTHORITY_FORGET, 1, 'k');
    ask.waited = true;
    CU_ASSERT_EQUAL(ask_do(f, &ask, NULL), E_NONE);
    CU_ASSERT_EQUAL(wait_ask(f, 'e', &answer), E_PAIRING_GONE);
}

/* After a revocation a new code goes on with the migration, for its key alone. */
static void a_new_code_takes_up_a_migration(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer first, answer;
    struct code codes[2] = {{0}};
    struct error err = {0};

    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &first), E_NONE);
    for (size_t i = 0; i < COUNT(codes); i++)
        CU_ASSERT_FATAL(
            invitation_make(&codes[i], &f->state.db, "", NOON, NOON + 60, &err));
    CU_ASSERT_FATAL(grant_revoke_all(&f->state.db, first.grant.migration, &err));
    f->migration = first.grant.migration;
    CU_ASSERT_EQUAL(prove(f, &codes[0], 2, 'l', 'e', &answer), E_NONE);
    CU_ASSERT_STRING_NOT_EQUAL(answer.grant.migration, first.grant.migration);
    CU_ASSERT_EQUAL(prove(f, &codes[1], 3, 'k', 'e', &answer), E_NONE);
    CU_ASSERT_STRING_EQUAL(answer.grant.migration, first.grant.migration);
    CU_ASSERT_STRING_NOT_EQUAL(answer.grant.id, first.grant.id);
    CU_ASSERT_EQUAL(again(f, first.grant.migration, 'k', NOON, &answer), E_NONE);
}

/* Named with another name than it has, it is not what anybody has allowed now. */
static void a_migration_goes_on_by_its_own_name(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer first, answer;
    struct code code = {0};
    struct error err = {0};

    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &first), E_NONE);
    CU_ASSERT_FATAL(invitation_make(&code, &f->state.db, "", NOON, NOON + 60, &err));
    f->migration = first.grant.migration;
    f->name = "other";
    CU_ASSERT_EQUAL(prove(f, &code, 2, 'k', 'e', &answer), E_NONE);
    CU_ASSERT_STRING_NOT_EQUAL(answer.grant.migration, first.grant.migration);
    CU_ASSERT_STRING_EQUAL(answer.facts.name, "other");
}

/* What this appliance sends to that peer is nothing which that peer may ask of its port. */
static void our_own_target_is_no_source_of_ours(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct grant grant = {.byte_ceiling = 1000, .expires = NOON + 1000};
    struct handover row = {0};
    const struct handover_start start = {.migration = "m-1",
                                         .grant_id = "g-1",
                                         .name = "data",
                                         .directory = "/srv",
                                         .peer = "target.example.com",
                                         .epoch = 1,
                                         .kind = DIGEST_BLAKE3,
                                         .now = NOON};
    struct authority_answer answer = {0};
    struct authority_ask ask;
    struct error err = {0};

    ask_make(&ask, AUTHORITY_GRANT, 1, 'k');
    grant.peer_client_key = grant.peer_server_key = ask.grant.peer_client_key;
    (void)text_fits(grant.id, "g-1");
    (void)text_fits(grant.migration, "m-1");
    CU_ASSERT_FATAL(grant_store(&f->state.db, &grant, "source", &err));
    CU_ASSERT_FATAL(handover_begin(&row, &f->state.db, &start, &err));
    ask.by_peer = true;
    (void)text_fits(ask.migration, "m-1");
    CU_ASSERT_EQUAL(ask_do(f, &ask, &answer), E_NOT_PAIRED);
    CU_ASSERT_EQUAL(again(f, "m-1", 'k', NOON, &answer), E_GRANT_UNKNOWN);
    CU_ASSERT_FALSE(answer.done);
    f->migration = "m-1";
    CU_ASSERT_EQUAL(prove(f, &f->code, 2, 'k', 'e', &answer), E_NONE);
    CU_ASSERT_STRING_NOT_EQUAL(answer.grant.migration, "m-1");
}

/* Revoked, the source may not seal or commit, whatever its worker says. */
static void no_move_goes_on_by_a_revoked_grant(void)
{
    static const enum handover_event events[] = {ASKED_SEAL, ASKED_COMMIT};
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    const struct handover_terms terms = {.generation = 1, .epoch = 1};
    struct authority_answer first;
    struct handover after = {0};

    CU_ASSERT_EQUAL_FATAL(prove(f, &f->code, 1, 'k', 'e', &first), E_NONE);
    CU_ASSERT_FATAL(
        grant_revoke_all(&f->state.db, first.grant.migration, &(struct error){0}));
    for (size_t i = 0; i < COUNT(events); i++) {
        const struct handover_act act = {.event = events[i], .terms = &terms, .now = NOON};
        struct error err = {0};

        CU_ASSERT_FALSE(
            authority_move(&f->authority, first.grant.migration, &act, &after, &err));
        CU_ASSERT_EQUAL(err.msg, E_GRANT_REVOKED);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_proven_password_gives_a_grant),
        TEST(unknown_names_and_wrong_passwords_look_alike),
        TEST(a_code_and_a_password_do_not_mix_in_one_exchange),
        TEST(an_approved_pairing_gives_one_grant),
        TEST(an_approval_is_for_the_name_that_was_shown),
        TEST(a_connection_that_ends_leaves),
        TEST(a_new_code_takes_up_a_migration),
        TEST(a_migration_goes_on_by_its_own_name),
        TEST(our_own_target_is_no_source_of_ours),
        TEST(no_move_goes_on_by_a_revoked_grant),
    };

    return run_tests("office_grant", tests, COUNT(tests));
}
