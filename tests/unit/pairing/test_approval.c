/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The code on both screens, and what becomes of a pairing that waits. */
#include "base/text.h"
#include "pairing/approval.h"
#include "tests/support/duo.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define NOON 1813060800

static void both_ends_show_the_same_code(void)
{
    scoped(duo_free) struct duo *duo = duo_make(3);
    char source[APPROVAL_CODE_MAX], target[APPROVAL_CODE_MAX];

    duo_converse(duo, PAIR_AGREED);
    approval_code(source, &duo->source.pair);
    approval_code(target, &duo->target.pair);
    CU_ASSERT_STRING_EQUAL(source, target);
    CU_ASSERT_EQUAL(strlen(source), 9);
    CU_ASSERT_EQUAL(strspn(source, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"), 9);
    CU_ASSERT_EQUAL(source[4], '-');
}

/* Whatever one of the `n` first parts is, it is part of the code, and no later one is:
 * exporter, nonces, the keys of the connection, those of the other leaves. */
static void parts_are_in_the_code(struct duo *duo, size_t n)
{
    struct pair *pair = &duo->source.pair;
    unsigned char *const parts[] = {
        duo->source.facts.exporter,
        pair->nonce.byte,
        pair->peer_nonce.byte,
        pair->mine.client.spki_sha256.byte,
        pair->theirs.server.spki_sha256.byte,
        pair->mine.server.spki_sha256.byte,
        pair->theirs.client.spki_sha256.byte,
    };
    char code[APPROVAL_CODE_MAX], other[APPROVAL_CODE_MAX];

    duo_converse(duo, PAIR_AGREED);
    approval_code(code, pair);
    for (size_t i = 0; i < COUNT(parts); i++) {
        parts[i][31] ^= 1;
        approval_code(other, pair);
        CU_ASSERT_EQUAL(strcmp(code, other) != 0, i < n);
        parts[i][31] ^= 1;
    }
    approval_code(other, pair);
    CU_ASSERT_STRING_EQUAL(code, other);
}

static void every_part_of_the_connection_is_in_the_code(void)
{
    scoped(duo_free) struct duo *one = duo_make(3);
    scoped(duo_free) struct duo *two = duo_make_of(3, true, false);

    parts_are_in_the_code(one, 5);
    parts_are_in_the_code(two, 7);
}

/* He has two connections and so two exporter values and two pairs of nonces. */
static void a_man_in_the_middle_shows_two_codes(void)
{
    scoped(duo_free) struct duo *to_source = duo_make(3);
    scoped(duo_free) struct duo *to_target = duo_make(3);
    char source[APPROVAL_CODE_MAX], target[APPROVAL_CODE_MAX];

    duo_converse(to_source, PAIR_AGREED);
    duo_converse(to_target, PAIR_AGREED);
    approval_code(source, &to_source->source.pair);
    approval_code(target, &to_target->target.pair);
    CU_ASSERT_STRING_NOT_EQUAL(source, target);
}

/* Every state and every event: these moves and no others. */
static void the_table_has_these_moves_alone(void)
{
    static const int next[PAIRING_STATES][PAIRING_EVENTS] = {
        /*                    approve,          deny,           collect, */
        [PAIRING_PENDING] = {PAIRING_APPROVED, PAIRING_DENIED, -1, PAIRING_EXPIRED,
                             PAIRING_GONE},
        [PAIRING_APPROVED] = {-1, PAIRING_DENIED, PAIRING_GRANTED, -1, PAIRING_GONE},
        [PAIRING_GRANTED] = {-1, -1, PAIRING_GRANTED, -1, -1},
        [PAIRING_DENIED] = {-1, -1, -1, -1, -1},
        [PAIRING_EXPIRED] = {-1, -1, -1, -1, -1},
        [PAIRING_GONE] = {-1, -1, -1, -1, -1},
    };

    for (int s = 0; s < PAIRING_STATES; s++)
        for (int e = 0; e < PAIRING_EVENTS; e++) {
            enum pairing_state state = (enum pairing_state)s;
            const bool moved = pairing_move(&state, (enum pairing_event)e);

            CU_ASSERT_EQUAL(moved, next[s][e] >= 0);
            CU_ASSERT_EQUAL((int)state, moved ? next[s][e] : s);
        }
}

/* The connection `channel` of the source with this key asks. */
static enum msg ask(struct db *db, char channel, char key, time_t now, struct pairing *out)
{
    unsigned char exporter[TLS_EXPORTER_BYTES];
    struct digest digest;
    struct error err = {0};

    *out = (struct pairing){.view = {.code = "ABCD-EFGH", .address = "192.0.2.1:4000"}};
    memset(out->client_key.byte, key, DIGEST_BYTES);
    (void)text_fits(out->peer, "source.example.com");
    (void)text_fits(out->name, "data");
    memset(exporter, channel, sizeof(exporter));
    pairing_channel(&digest, exporter);
    CU_ASSERT_EQUAL(pairing_ask(out, db, &digest, now, &err), err.msg == E_NONE);
    return err.msg;
}

static enum msg decide(struct db *db, const char *id, bool approve, time_t now)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(pairing_decide(db, id, approve, now, &err), err.msg == E_NONE);
    return err.msg;
}

static enum msg collect(struct db *db, const struct pairing *pairing, char key, time_t now)
{
    struct grant grant = {.id = "g-1", .migration = "m-1", .issued = now};
    struct error err = {0};

    memset(grant.peer_client_key.byte, key, DIGEST_BYTES);
    CU_ASSERT_EQUAL(pairing_collect(pairing, db, &grant, now, &err), err.msg == E_NONE);
    return err.msg;
}

static void an_approved_source_gets_its_grant_once_and_again(void)
{
    scoped(state_db_clear) struct state_db state;
    struct pairing pairing;
    struct grant grant = {0};
    struct error err = {0};

    state_db_make(&state);
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', NOON, &pairing), E_NONE);
    CU_ASSERT_EQUAL(pairing.state, PAIRING_PENDING);
    CU_ASSERT_EQUAL(collect(&state.db, &pairing, 'k', NOON), E_PAIRING_DECIDED);
    CU_ASSERT_EQUAL(decide(&state.db, pairing.id, true, NOON + 10), E_NONE);
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', NOON + 12, &pairing), E_NONE);
    CU_ASSERT_EQUAL(pairing.state, PAIRING_APPROVED);
    CU_ASSERT_STRING_EQUAL(pairing.view.code, "ABCD-EFGH");
    CU_ASSERT_EQUAL(collect(&state.db, &pairing, 'k', NOON + 12), E_NONE);
    CU_ASSERT(grant_load_id(&grant, &state.db, "g-1", &err));
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', NOON + 14, &pairing), E_NONE);
    CU_ASSERT_EQUAL(pairing.state, PAIRING_GRANTED);
    CU_ASSERT_STRING_EQUAL(pairing.grant_id, "g-1");
    CU_ASSERT_EQUAL(decide(&state.db, pairing.id, false, NOON + 15), E_PAIRING_DECIDED);
}

static void what_was_approved_may_be_denied_until_it_is_collected(void)
{
    scoped(state_db_clear) struct state_db state;
    struct pairing pairing;

    state_db_make(&state);
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', NOON, &pairing), E_NONE);
    CU_ASSERT_EQUAL(decide(&state.db, pairing.id, true, NOON), E_NONE);
    CU_ASSERT_EQUAL(decide(&state.db, pairing.id, false, NOON), E_NONE);
    CU_ASSERT_EQUAL(collect(&state.db, &pairing, 'k', NOON), E_PAIRING_DENIED);
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', NOON, &pairing), E_PAIRING_DENIED);
}

/* An approval is for the connection whose code was compared, and for its key. */
static void another_connection_collects_nothing(void)
{
    scoped(state_db_clear) struct state_db state;
    struct pairing first, second, stranger;

    state_db_make(&state);
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', NOON, &first), E_NONE);
    CU_ASSERT_EQUAL(decide(&state.db, first.id, true, NOON), E_NONE);
    CU_ASSERT_EQUAL(ask(&state.db, 'd', 'k', NOON + 1, &second), E_NONE);
    CU_ASSERT_EQUAL(second.state, PAIRING_PENDING);
    CU_ASSERT_STRING_NOT_EQUAL(first.id, second.id);
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', NOON + 2, &first), E_PAIRING_GONE);
    CU_ASSERT_EQUAL(ask(&state.db, 'd', 'l', NOON + 2, &stranger), E_PAIRING_GONE);
}

static void a_source_that_is_silent_or_left_is_gone(void)
{
    scoped(state_db_clear) struct state_db state;
    unsigned char exporter[TLS_EXPORTER_BYTES];
    struct pairing silent, left;
    struct digest channel;
    struct error err = {0};

    state_db_make(&state);
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', NOON, &silent), E_NONE);
    CU_ASSERT_EQUAL(ask(&state.db, 'd', 'l', NOON, &left), E_NONE);
    memset(exporter, 'd', sizeof(exporter));
    pairing_channel(&channel, exporter);
    CU_ASSERT(pairing_leave(&state.db, &channel, NOON + 1, &err));
    CU_ASSERT(pairing_leave(&state.db, &channel, NOON + 1, &err)); /* safe to repeat */
    CU_ASSERT_EQUAL(decide(&state.db, left.id, true, NOON + 2), E_PAIRING_GONE);
    CU_ASSERT_EQUAL(decide(&state.db, silent.id, true, NOON + PAIRING_SILENCE_SECONDS + 1),
                    E_PAIRING_GONE);
}

static void a_pairing_that_nobody_decides_expires(void)
{
    scoped(state_db_clear) struct state_db state;
    struct pairing pairing;
    time_t now = NOON;

    state_db_make(&state);
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', now, &pairing), E_NONE);
    for (; now < NOON + 2 * 3600; now += 3 * PAIRING_HEARTBEAT_SECONDS)
        CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', now, &pairing), E_NONE);
    CU_ASSERT_EQUAL(pairing.state, PAIRING_PENDING); /* it outlives an hour */
    now = NOON + PAIRING_SECONDS;
    CU_ASSERT_EQUAL(ask(&state.db, 'c', 'k', now, &pairing), E_PAIRING_EXPIRED);
    CU_ASSERT_EQUAL(decide(&state.db, pairing.id, true, now), E_PAIRING_EXPIRED);
}

static size_t count(struct db *db)
{
    scoped(query_end) struct query row = {0};
    struct error err = {0};
    size_t n = 0;

    CU_ASSERT_FATAL(pairing_list(&row, db, &err));
    while (query_next(&row, &err))
        n++;
    return n;
}

static void so_many_may_wait_and_no_more(void)
{
    scoped(state_db_clear) struct state_db state;
    struct pairing pairing;

    state_db_make(&state);
    for (int i = 0; i < PAIRINGS_MAX; i++)
        CU_ASSERT_EQUAL(ask(&state.db, (char)(i + 1), (char)(i + 1), NOON, &pairing),
                        E_NONE);
    CU_ASSERT_EQUAL(ask(&state.db, 'z', 'z', NOON, &pairing), E_BUSY);
    /* The same source again takes its own place. */
    CU_ASSERT_EQUAL(ask(&state.db, 'y', 1, NOON, &pairing), E_NONE);
    /* Those that left make room, and after a week they are forgotten. */
    CU_ASSERT_EQUAL(ask(&state.db, 'z', 'z', NOON + 60, &pairing), E_NONE);
    CU_ASSERT_EQUAL(count(&state.db), PAIRINGS_MAX + 2);
    CU_ASSERT_EQUAL(ask(&state.db, 'x', 'x', NOON + 120 + PAIRING_KEEP_SECONDS, &pairing),
                    E_NONE);
    CU_ASSERT_EQUAL(count(&state.db), 2);
}

static void an_id_that_nobody_has_is_told(void)
{
    scoped(state_db_clear) struct state_db state;

    state_db_make(&state);
    CU_ASSERT_EQUAL(decide(&state.db, "p-nobody", true, NOON), E_PAIRING_UNKNOWN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(both_ends_show_the_same_code),
        TEST(every_part_of_the_connection_is_in_the_code),
        TEST(a_man_in_the_middle_shows_two_codes),
        TEST(the_table_has_these_moves_alone),
        TEST(an_approved_source_gets_its_grant_once_and_again),
        TEST(what_was_approved_may_be_denied_until_it_is_collected),
        TEST(another_connection_collects_nothing),
        TEST(a_source_that_is_silent_or_left_is_gone),
        TEST(a_pairing_that_nobody_decides_expires),
        TEST(so_many_may_wait_and_no_more),
        TEST(an_id_that_nobody_has_is_told),
    };

    return run_tests("approval", tests, COUNT(tests));
}
