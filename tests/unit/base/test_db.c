/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/db.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const steps[] = {"CREATE TABLE t (k TEXT PRIMARY KEY, v BLOB) STRICT",
                                    "ALTER TABLE t ADD COLUMN n INTEGER"};

static bool open_in(struct db *db, const struct scratch *dir, size_t n, struct error *err)
{
    char path[PATH_MAX + 16];

    snprintf(path, sizeof(path), "%s/state.db", dir->path);
    return db_open(db, path, steps, n, err);
}

static bool put(struct db *db, const char *key, const char *value, struct error *err)
{
    scoped(query_end) struct query insert = {0};

    if (!query_begin(&insert, db, "INSERT INTO t (k, v) VALUES (?1, ?2)", err))
        return false;
    query_text(&insert, 1, key);
    query_blob(&insert, 2, span_text(value));
    return query_run(&insert, NULL, err);
}

static int64_t count(struct db *db)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(query_begin(&query, db, "SELECT count(*) FROM t", &err));
    CU_ASSERT_FATAL(query_next(&query, &err));
    return query_get_int(&query, 0);
}

static void rows_outlive_the_handle_and_the_schema_grows(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct db db = {0};
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT_FATAL(open_in(&db, &dir, 1, &err));
    CU_ASSERT(put(&db, "a", "1", &err));
    db_close(&db);
    CU_ASSERT_FATAL(open_in(&db, &dir, 2, &err));
    CU_ASSERT_EQUAL(count(&db), 1);
    db_close(&db);
}

static void a_database_of_a_newer_program_is_refused_by_name(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct db db = {0};
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT_FATAL(open_in(&db, &dir, 2, &err));
    db_close(&db);
    CU_ASSERT_FALSE(open_in(&db, &dir, 1, &err));
    CU_ASSERT_EQUAL(err.msg, E_DB_NEWER);
    db_close(&db);
}

static void what_is_no_database_is_refused(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct db db = {0};
    struct error err = {0};

    scratch_make(&dir);
    scratch_write(&dir, "state.db",
                  "this is no database, but it is long enough to look at "
                  "as if it were one, with a header of a hundred bytes");
    CU_ASSERT_FALSE(open_in(&db, &dir, 2, &err));
    CU_ASSERT_EQUAL(err.msg, E_DB);
    db_close(&db);
}

static void what_is_not_committed_is_undone(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct db db = {0};
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT_FATAL(open_in(&db, &dir, 2, &err));
    {
        scoped(db_rollback) struct db_change change = {0};

        CU_ASSERT(db_begin(&change, &db, &err) && put(&db, "a", "1", &err));
    }
    CU_ASSERT_EQUAL(count(&db), 0);
    {
        scoped(db_rollback) struct db_change change = {0};

        CU_ASSERT(db_begin(&change, &db, &err) && put(&db, "a", "1", &err) &&
                  db_commit(&change, &err));
    }
    CU_ASSERT_EQUAL(count(&db), 1);
    db_close(&db);
}

static void a_broken_constraint_is_an_error_with_its_reason(void)
{
    scoped(scratch_clear) struct scratch dir = {0};
    struct db db = {0};
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT_FATAL(open_in(&db, &dir, 2, &err));
    CU_ASSERT(put(&db, "a", "1", &err));
    CU_ASSERT_FALSE(put(&db, "a", "2", &err));
    CU_ASSERT_EQUAL(err.msg, E_DB);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.about, "UNIQUE"));
    db_close(&db);
}

static void a_page_that_is_gone_is_found(void)
{
    char path[PATH_MAX + 16];
    scoped(scratch_clear) struct scratch dir = {0};
    struct db db = {0};
    struct error err = {0};

    scratch_make(&dir);
    CU_ASSERT_FATAL(open_in(&db, &dir, 2, &err));
    CU_ASSERT(db_check(&db, &err));
    db_close(&db);
    snprintf(path, sizeof(path), "%s/state.db", dir.path);
    CU_ASSERT_FATAL(truncate(path, 4096) == 0);
    CU_ASSERT_FALSE(open_in(&db, &dir, 2, &err) && db_check(&db, &err));
    CU_ASSERT_EQUAL(err.msg, E_DB);
    db_close(&db);
}

static long long log_bytes(const struct scratch *dir)
{
    char path[PATH_MAX + 16];
    struct stat stat_of;

    snprintf(path, sizeof(path), "%s/state.db-wal", dir->path);
    CU_ASSERT_FATAL(stat(path, &stat_of) == 0);
    return stat_of.st_size;
}

/* While it is read, nothing of the log may be dropped; then it shrinks at the next write
 * that starts it anew. */
static void a_long_reader_leaves_no_long_log_behind(void)
{
    static char large[1 << 20];
    scoped(scratch_clear) struct scratch dir = {0};
    struct db db = {0}, other = {0};
    struct error err = {0};
    char key[2] = "a";

    memset(large, 'x', sizeof(large) - 1);
    scratch_make(&dir);
    CU_ASSERT_FATAL(open_in(&db, &dir, 2, &err) && open_in(&other, &dir, 2, &err) &&
                    put(&db, "!", "1", &err));
    {
        scoped(query_end) struct query reads = {0};

        CU_ASSERT_FATAL(query_begin(&reads, &other, "SELECT k FROM t", &err) &&
                        query_next(&reads, &err));
        for (int i = 0; i < 8; i++, key[0]++)
            CU_ASSERT_FATAL(put(&db, key, large, &err));
        CU_ASSERT_TRUE(log_bytes(&dir) > DB_LOG_BYTES_MAX);
    }
    for (int i = 0; i < 3; i++, key[0]++)
        CU_ASSERT_FATAL(put(&db, key, "1", &err));
    CU_ASSERT_TRUE(log_bytes(&dir) <= DB_LOG_BYTES_MAX);
    db_close(&other);
    db_close(&db);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(rows_outlive_the_handle_and_the_schema_grows),
        TEST(a_database_of_a_newer_program_is_refused_by_name),
        TEST(what_is_no_database_is_refused),
        TEST(a_page_that_is_gone_is_found),
        TEST(what_is_not_committed_is_undone),
        TEST(a_broken_constraint_is_an_error_with_its_reason),
        TEST(a_long_reader_leaves_no_long_log_behind),
    };

    return run_tests("db", tests, COUNT(tests));
}
