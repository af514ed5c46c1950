/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hook_rows.h"

#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#define AT 1813060800

/* A migration in this state, with the grant that its row refers to. */
static void add(struct state_db *state, const char *id, enum handover_state at)
{
    scoped(query_end) struct query grant = {0};
    scoped(query_end) struct query row = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(
        query_begin(&grant, &state->db,
                    "INSERT INTO grants (id, side, peer_server_key,"
                    " peer_client_key, peer_name, migration, byte_ceiling, issued,"
                    " expires, not_after, transcript) VALUES ('g-' || ?1, 'x', x'',"
                    " x'', '', ?1, 0, 0, 0, 0, '')",
                    &err));
    query_text(&grant, 1, id);
    CU_ASSERT_FATAL(query_run(&grant, NULL, &err));
    CU_ASSERT_FATAL(
        query_begin(&row, &state->db,
                    "INSERT INTO migration (id, side, grant_id, name, directory,"
                    " peer, state, generation, epoch, digest, created, changed)"
                    " VALUES (?1, ?2, 'g-' || ?1, '', '', '', ?3, 1, 1, 'blake3',"
                    " 0, 0)",
                    &err));
    query_text(&row, 1, id);
    query_text(&row, 2, side_name(handover_is_target(at) ? SIDE_TARGET : SIDE_SOURCE));
    query_text(&row, 3, handover_state_name(at));
    CU_ASSERT_FATAL(query_run(&row, NULL, &err));
}

static void set(struct state_db *state, const char *id, enum hook hook,
                enum hook_outcome outcome)
{
    struct error err = {0};

    CU_ASSERT_FATAL(hook_rows_set(&state->db, id, hook, outcome, AT, &err));
}

static bool is_done(struct state_db *state, const char *id, enum hook hook)
{
    bool done = false;
    struct error err = {0};

    CU_ASSERT_FATAL(hook_rows_is_done(&done, &state->db, id, hook, &err));
    return done;
}

/* Those to which it is owed, joined by blanks. */
static void owed(char out[256], struct state_db *state, enum hook hook)
{
    char id[HANDOVER_ID_MAX] = "";
    size_t n = 0;
    bool found = true;
    struct error err = {0};

    out[0] = '\0';
    while (hook_rows_owed(id, &found, &state->db, hook, id, &err) && found)
        n += (size_t)snprintf(out + n, 256 - n, "%s ", id);
    CU_ASSERT_EQUAL(err.msg, E_NONE);
}

static void only_what_succeeded_is_done(void)
{
    scoped(state_db_clear) struct state_db state;

    state_db_make(&state);
    add(&state, "m-1", TARGET_COMMITTING);
    CU_ASSERT_FALSE(is_done(&state, "m-1", HOOK_TARGET_IMPORT));
    set(&state, "m-1", HOOK_TARGET_IMPORT, HOOK_BEGUN);
    CU_ASSERT_FALSE(is_done(&state, "m-1", HOOK_TARGET_IMPORT));
    set(&state, "m-1", HOOK_TARGET_IMPORT, HOOK_FAILED);
    CU_ASSERT_FALSE(is_done(&state, "m-1", HOOK_TARGET_IMPORT));
    set(&state, "m-1", HOOK_TARGET_IMPORT, HOOK_DONE);
    CU_ASSERT(is_done(&state, "m-1", HOOK_TARGET_IMPORT));
    CU_ASSERT_FALSE(is_done(&state, "m-1", HOOK_TARGET_ACTIVATE));
}

static void before_there_is_a_migration_nothing_is_noted(void)
{
    scoped(state_db_clear) struct state_db state;

    state_db_make(&state);
    set(&state, "", HOOK_SOURCE_PREFLIGHT, HOOK_DONE);
    CU_ASSERT_FALSE(is_done(&state, "", HOOK_SOURCE_PREFLIGHT));
}

static void a_source_is_thawed_once_it_was_to_be_frozen(void)
{
    scoped(state_db_clear) struct state_db state;
    char ids[256];

    state_db_make(&state);
    add(&state, "m-1", SOURCE_SENDING);
    owed(ids, &state, HOOK_SOURCE_THAW);
    CU_ASSERT_STRING_EQUAL(ids, "");
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_BEGUN);
    owed(ids, &state, HOOK_SOURCE_THAW);
    CU_ASSERT_STRING_EQUAL(ids, "m-1 ");
    set(&state, "m-1", HOOK_SOURCE_THAW, HOOK_FAILED);
    owed(ids, &state, HOOK_SOURCE_THAW);
    CU_ASSERT_STRING_EQUAL(ids, "m-1 ");
    set(&state, "m-1", HOOK_SOURCE_THAW, HOOK_DONE);
    owed(ids, &state, HOOK_SOURCE_THAW);
    CU_ASSERT_STRING_EQUAL(ids, "");
    CU_ASSERT_FALSE(is_done(&state, "m-1", HOOK_SOURCE_FREEZE));
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_DONE); /* and again */
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_BEGUN);
    owed(ids, &state, HOOK_SOURCE_THAW);
    CU_ASSERT_STRING_EQUAL(ids, "m-1 ");
}

static void a_source_in_doubt_is_never_thawed(void)
{
    static const enum handover_state states[] = {SOURCE_FROZEN, SOURCE_COMMIT_ASKED,
                                                 SOURCE_HANDED_OVER};
    scoped(state_db_clear) struct state_db state;
    char ids[256], id[8];

    state_db_make(&state);
    for (size_t i = 0; i < COUNT(states); i++) {
        snprintf(id, sizeof(id), "m-%zu", i);
        add(&state, id, states[i]);
        set(&state, id, HOOK_SOURCE_FREEZE, HOOK_DONE);
    }
    owed(ids, &state, HOOK_SOURCE_THAW);
    CU_ASSERT_STRING_EQUAL(ids, "");
}

static void activation_is_owed_until_it_is_done(void)
{
    scoped(state_db_clear) struct state_db state;
    char ids[256];

    state_db_make(&state);
    add(&state, "m-1", TARGET_COMMITTED);
    add(&state, "m-2", TARGET_COMMITTING);
    add(&state, "m-3", TARGET_COMMITTED);
    owed(ids, &state, HOOK_TARGET_ACTIVATE);
    CU_ASSERT_STRING_EQUAL(ids, "m-1 m-3 ");
    set(&state, "m-1", HOOK_TARGET_ACTIVATE, HOOK_DONE);
    set(&state, "m-3", HOOK_TARGET_ACTIVATE, HOOK_FAILED);
    owed(ids, &state, HOOK_TARGET_ACTIVATE);
    CU_ASSERT_STRING_EQUAL(ids, "m-3 ");
}

static void what_was_imported_and_aborted_is_rolled_back(void)
{
    scoped(state_db_clear) struct state_db state;
    char ids[256];

    state_db_make(&state);
    add(&state, "m-1", TARGET_ABORTED);
    add(&state, "m-2", TARGET_ABORTED);
    set(&state, "m-2", HOOK_TARGET_IMPORT, HOOK_FAILED);
    owed(ids, &state, HOOK_TARGET_ROLLBACK);
    CU_ASSERT_STRING_EQUAL(ids, "m-2 ");
}

/* However far a thaw came, what was frozen is not frozen any more. */
static void what_is_begun_to_be_undone_is_not_done(void)
{
    scoped(state_db_clear) struct state_db state = {0};
    char ids[256];

    state_db_make(&state);
    add(&state, "m-1", SOURCE_SENDING);
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_DONE);
    CU_ASSERT(is_done(&state, "m-1", HOOK_SOURCE_FREEZE));
    set(&state, "m-1", HOOK_SOURCE_THAW, HOOK_BEGUN);
    CU_ASSERT_FALSE(is_done(&state, "m-1", HOOK_SOURCE_FREEZE));
    owed(ids, &state, HOOK_SOURCE_THAW); /* killed now, it is thawed again */
    CU_ASSERT_STRING_EQUAL(ids, "m-1 ");
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_BEGUN);
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_DONE);
    CU_ASSERT(is_done(&state, "m-1", HOOK_SOURCE_FREEZE));
}

static bool is_begun(struct state_db *state, const char *id, enum hook hook)
{
    bool begun = false;
    struct error err = {0};

    CU_ASSERT_FATAL(hook_rows_is_begun(&begun, &state->db, id, hook, &err));
    return begun;
}

static void what_runs_is_begun_until_it_ends_or_is_undone(void)
{
    scoped(state_db_clear) struct state_db state;

    state_db_make(&state);
    add(&state, "m-1", SOURCE_SENDING);
    CU_ASSERT_FALSE(is_begun(&state, "m-1", HOOK_SOURCE_FREEZE));
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_BEGUN);
    CU_ASSERT(is_begun(&state, "m-1", HOOK_SOURCE_FREEZE));
    CU_ASSERT_FALSE(is_begun(&state, "m-2", HOOK_SOURCE_FREEZE));
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_FAILED);
    CU_ASSERT_FALSE(is_begun(&state, "m-1", HOOK_SOURCE_FREEZE));
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_BEGUN);
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_DONE);
    CU_ASSERT_FALSE(is_begun(&state, "m-1", HOOK_SOURCE_FREEZE));
    set(&state, "m-1", HOOK_SOURCE_THAW, HOOK_BEGUN);
    CU_ASSERT_FALSE(is_begun(&state, "m-1", HOOK_SOURCE_FREEZE));
}

static enum hook owed_to(struct state_db *state, const char *id)
{
    enum hook hook = HOOK_NONE;
    struct error err = {0};

    CU_ASSERT_FATAL(hook_rows_owed_to(&hook, &state->db, id, &err));
    return hook;
}

static void what_one_migration_is_owed_is_told(void)
{
    scoped(state_db_clear) struct state_db state = {0};

    state_db_make(&state);
    add(&state, "m-1", SOURCE_SENDING);
    add(&state, "m-2", TARGET_COMMITTED);
    add(&state, "m-3", TARGET_ABORTED);
    CU_ASSERT_EQUAL(owed_to(&state, "m-1"), HOOK_NONE);
    CU_ASSERT_EQUAL(owed_to(&state, "m-2"), HOOK_TARGET_ACTIVATE);
    CU_ASSERT_EQUAL(owed_to(&state, "m-3"), HOOK_NONE);
    set(&state, "m-1", HOOK_SOURCE_FREEZE, HOOK_FAILED);
    set(&state, "m-2", HOOK_TARGET_ACTIVATE, HOOK_DONE);
    set(&state, "m-3", HOOK_TARGET_IMPORT, HOOK_BEGUN);
    CU_ASSERT_EQUAL(owed_to(&state, "m-1"), HOOK_SOURCE_THAW);
    CU_ASSERT_EQUAL(owed_to(&state, "m-2"), HOOK_NONE);
    CU_ASSERT_EQUAL(owed_to(&state, "m-3"), HOOK_TARGET_ROLLBACK);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(only_what_succeeded_is_done),
        TEST(before_there_is_a_migration_nothing_is_noted),
        TEST(a_source_is_thawed_once_it_was_to_be_frozen),
        TEST(a_source_in_doubt_is_never_thawed),
        TEST(activation_is_owed_until_it_is_done),
        TEST(what_was_imported_and_aborted_is_rolled_back),
        TEST(what_is_begun_to_be_undone_is_not_done),
        TEST(what_runs_is_begun_until_it_ends_or_is_undone),
        TEST(what_one_migration_is_owed_is_told),
    };

    return run_tests("hook_rows", tests, COUNT(tests));
}
