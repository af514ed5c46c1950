/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps make of the rows that they find. */
#include "agent/schema.h"
#include "base/db.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

/* Steps up to the one that keeps what an invitation was used for. */
#define BEFORE_INVITATION_MIGRATION 6
/* And up to the one that ends the sessions of before. */
#define BEFORE_SESSIONS_END 9

static void run(struct db *db, const char *sql)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(query_begin(&query, db, sql, &err));
    CU_ASSERT_FATAL(query_run(&query, NULL, &err));
}

#define GRANT_INTO                                                                          \
    "INSERT INTO grants (id, side, peer_server_key, peer_client_key, peer_name, migration," \
    " byte_ceiling, issued, expires, not_after, transcript) VALUES "
#define INVITATION_INTO                                                                    \
    "INSERT INTO invitation (selector, for_name, created, expires, salt, iterations,"      \
    " stored_key, server_key, used_by, used) VALUES "

static void fill(const char *path)
{
    scoped(db_close) struct db db = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(db_open(&db, path, schema_steps, BEFORE_INVITATION_MIGRATION, &err));
    run(&db, GRANT_INTO "('g-1', 'target', x'01', x'0a', '', 'm-1', 1, 50, 99, 99, ''),"
                        "('g-2', 'target', x'01', x'0a', '', 'm-2', 1, 60, 99, 99, ''),"
                        "('g-3', 'target', x'01', x'0a', '', 'm-3', 1, 60, 99, 99, '')");
    run(&db, INVITATION_INTO "(1, '', 1, 2, x'', 1, x'', x'', x'0a', 50),"
                             "(2, '', 1, 2, x'', 1, x'', x'', x'0a', 60),"
                             "(3, '', 1, 2, x'', 1, x'', x'', NULL, NULL)");
}

/* One whose second tells it gets its migration; one that could be either's gets none. */
static void used_invitations_of_before_get_the_migration_that_is_certain(void)
{
    static const char *const want[] = {"m-1", "", ""};
    scoped(scratch_clear) struct scratch scratch;
    scoped(db_close) struct db db = {0};
    scoped(query_end) struct query row = {0};
    struct error err = {0};
    char path[PATH_MAX + 16];

    scratch_make(&scratch);
    snprintf(path, sizeof(path), "%s/state.db", scratch.path);
    fill(path);
    CU_ASSERT_FATAL(db_open(&db, path, schema_steps, schema_count, &err));
    CU_ASSERT_FATAL(
        query_begin(&row, &db, "SELECT migration FROM invitation ORDER BY selector", &err));
    for (size_t i = 0; i < COUNT(want); i++) {
        CU_ASSERT_FATAL(query_next(&row, &err));
        CU_ASSERT_STRING_EQUAL(query_get_text(&row, 0), want[i]);
    }
}

/* One that a new password had ended was still a row. */
static void sessions_of_before_are_over(void)
{
    scoped(scratch_clear) struct scratch scratch;
    scoped(db_close) struct db before = {0}, db = {0};
    scoped(query_end) struct query row = {0};
    struct error err = {0};
    char path[PATH_MAX + 16];

    scratch_make(&scratch);
    snprintf(path, sizeof(path), "%s/state.db", scratch.path);
    CU_ASSERT_FATAL(db_open(&before, path, schema_steps, BEFORE_SESSIONS_END, &err));
    run(&before, "INSERT INTO session (id, token, name, kind, address, created, used)"
                 " VALUES ('s-1', x'01', 'vera', 'API', '192.0.2.1', 50, 50)");
    db_close(&before);
    CU_ASSERT_FATAL(db_open(&db, path, schema_steps, schema_count, &err));
    CU_ASSERT_FATAL(query_begin(&row, &db, "SELECT count(*) FROM session", &err));
    CU_ASSERT_FATAL(query_next(&row, &err));
    CU_ASSERT_EQUAL(query_get_int(&row, 0), 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(used_invitations_of_before_get_the_migration_that_is_certain),
        TEST(sessions_of_before_are_over),
    };

    return run_tests("schema", tests, COUNT(tests));
}
