/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator ends what was permitted, until the data has another owner. */
#include "agent/revoke.h"
#include "base/text.h"
#include "pairing/approval.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"
#include "transfer/handover.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define NOON 1813060800

static void make(struct state_db *state)
{
    struct grant grant = {
        .id = "g-1", .migration = "m-1", .issued = NOON, .expires = NOON + 9};
    const struct handover_start start = {.migration = "m-1",
                                         .grant_id = "g-1",
                                         .name = "data",
                                         .directory = "/srv",
                                         .peer = "source",
                                         .is_target = true,
                                         .epoch = 1,
                                         .now = NOON};
    struct handover handover = {0};
    struct error err = {0};

    state_db_make(state);
    CU_ASSERT_FATAL(grant_store(&state->db, &grant, "target", &err));
    CU_ASSERT_FATAL(handover_begin(&handover, &state->db, &start, &err));
}

static void put_state(struct db *db, enum handover_state as)
{
    scoped(query_end) struct query update = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(query_begin(&update, db, "UPDATE migration SET state = ?1", &err));
    query_text(&update, 1, handover_state_name(as));
    CU_ASSERT_FATAL(query_run(&update, NULL, &err));
}

static enum msg revoke_id(struct state_db *state, const char *id, bool *is_revoked)
{
    char migration[MIGRATION_ID_MAX];
    struct grant grant = {0};
    struct error err = {0}, none = {0};

    CU_ASSERT_EQUAL(revoke(migration, &state->db, id, NOON, &err), err.msg == E_NONE);
    CU_ASSERT_FATAL(grant_load(&grant, &state->db, "m-1", "target", &none));
    *is_revoked = grant.revoked;
    return err.msg;
}

static void a_grant_or_a_migration_is_revoked(void)
{
    static const char *const ids[] = {"g-1", "m-1"};
    bool revoked;

    for (size_t i = 0; i < COUNT(ids); i++) {
        scoped(state_db_clear) struct state_db state;

        make(&state);
        CU_ASSERT_EQUAL(revoke_id(&state, ids[i], &revoked), E_NONE);
        CU_ASSERT(revoked);
        CU_ASSERT_EQUAL(revoke_id(&state, ids[i], &revoked), E_NONE); /* safe to repeat */
    }
}

static void from_committing_on_it_is_too_late(void)
{
    static const struct {
        enum handover_state state;
        enum msg msg;
    } cases[] = {
        {TARGET_RECEIVING, E_NONE},        {TARGET_SEALED, E_NONE},
        {TARGET_ABORTED, E_NONE},          {TARGET_COMMITTING, E_REVOKE_LATE},
        {TARGET_COMMITTED, E_REVOKE_LATE},
    };
    bool revoked;

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(state_db_clear) struct state_db state;

        make(&state);
        put_state(&state.db, cases[i].state);
        CU_ASSERT_EQUAL(revoke_id(&state, "m-1", &revoked), cases[i].msg);
        CU_ASSERT_EQUAL(revoked, cases[i].msg == E_NONE);
    }
}

static void a_pairing_that_waits_is_denied(void)
{
    scoped(state_db_clear) struct state_db state;
    struct pairing pairing = {.peer = "source", .name = "data"};
    const struct digest channel = {{1}};
    struct error err = {0};
    bool revoked;

    make(&state);
    CU_ASSERT_FATAL(pairing_ask(&pairing, &state.db, &channel, NOON, &err));
    CU_ASSERT_EQUAL(revoke_id(&state, pairing.id, &revoked), E_NONE);
    CU_ASSERT_FALSE(revoked);
    CU_ASSERT_FALSE(pairing_ask(&pairing, &state.db, &channel, NOON, &err));
    CU_ASSERT_EQUAL(err.msg, E_PAIRING_DENIED);
}

static void a_pairing_that_was_granted_is_revoked_with_its_migration(void)
{
    scoped(state_db_clear) struct state_db state;
    struct pairing pairing = {.peer = "source", .name = "data"};
    const struct grant grant = {.id = "g-2", .migration = "m-1", .issued = NOON + 1};
    const struct digest channel = {{1}};
    struct error err = {0};
    bool revoked;

    make(&state);
    CU_ASSERT_FATAL(pairing_ask(&pairing, &state.db, &channel, NOON, &err));
    CU_ASSERT_FATAL(pairing_decide(&state.db, pairing.id, true, NOON, &err));
    CU_ASSERT_FATAL(pairing_collect(&pairing, &state.db, &grant, NOON, &err));
    CU_ASSERT_EQUAL(revoke_id(&state, pairing.id, &revoked), E_NONE);
    CU_ASSERT(revoked);
}

static void what_is_not_there_is_told(void)
{
    static const char *const ids[] = {"g-9", "m-9", "p-9", "", "x"};
    scoped(state_db_clear) struct state_db state;
    bool revoked;

    make(&state);
    for (size_t i = 0; i < COUNT(ids); i++)
        CU_ASSERT_EQUAL(revoke_id(&state, ids[i], &revoked), E_PAIRING_UNKNOWN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_grant_or_a_migration_is_revoked),
        TEST(from_committing_on_it_is_too_late),
        TEST(a_pairing_that_waits_is_denied),
        TEST(a_pairing_that_was_granted_is_revoked_with_its_migration),
        TEST(what_is_not_there_is_told),
    };

    return run_tests("revoke", tests, COUNT(tests));
}
