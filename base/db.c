/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/db.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <malloc.h>
#include <sqlite3.h>

#define BUSY_MS 10000 /* another command of this appliance holds the write lock */
/* The log begins anew once it has so many pages, or as soon as no reader needs it, and is
 * cut then to DB_LOG_BYTES_MAX. */
#define LOG_PAGES "1000"
#define TEXT(n) #n
#define AS_TEXT(n) TEXT(n)

static void *take(int n)
{
    return mem_take((size_t)n);
}

static void *retake(void *old, int n)
{
    return mem_retake(old, (size_t)n);
}

static int size_of(void *at)
{
    return (int)malloc_usable_size(at);
}

static int round_up(int n)
{
    return (n + 7) & ~7;
}

static int start(void *at)
{
    (void)at;
    return SQLITE_OK;
}

static void end(void *at)
{
    (void)at;
}

void db_use_mem(void)
{
    static const struct sqlite3_mem_methods methods = {take,     mem_free, retake, size_of,
                                                       round_up, start,    end,    NULL};

    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

static bool db_fail(const struct db *db, const char *what, struct error *err)
{
    const int code = db->handle != NULL ? sqlite3_errcode(db->handle) & 0xff : SQLITE_NOMEM;
    /* What its shared memory lacks, and a quota, are I/O errors to SQLite, which does not
     * always keep the number. */
    const int kept = code == SQLITE_IOERR ? sqlite3_system_errno(db->handle) : 0;
    const int why = code == SQLITE_IOERR && kept == 0 ? errno : kept;
    enum msg msg = E_DB;

    if (code == SQLITE_FULL || why == ENOSPC)
        msg = E_DB_FULL;
    else if (why == EDQUOT)
        msg = E_DB_QUOTA;
    return fail(err, msg, "%s: %s", what,
                db->handle != NULL ? sqlite3_errmsg(db->handle) : "out of memory");
}

static bool db_do(struct db *db, const char *sql, struct error *err)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           db_fail(db, "the database", err);
}

static bool db_version(struct db *db, int64_t *out, struct error *err)
{
    scoped(query_end) struct query query = {0};

    if (!query_begin(&query, db, "PRAGMA user_version", err))
        return false;
    if (!query_next(&query, err))
        return db_fail(db, "its version", err);
    *out = query_get_int(&query, 0);
    return true;
}

/* Two processes may open a new database at once: look at the version inside the
 * transaction. */
static bool schema_step(struct db *db, const char *const *schema, int64_t step,
                        struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    char sql[64];
    int64_t version = 0;

    if (!db_begin(&change, db, err) || !db_version(db, &version, err))
        return false;
    if (version > step)
        return true;
    sqlite3_snprintf(sizeof(sql), sql, "PRAGMA user_version = %lld", (long long)step + 1);
    if (!db_do(db, schema[step], err) || !db_do(db, sql, err))
        return false;
    return db_commit(&change, err);
}

bool db_open(struct db *out, const char *path, const char *const *schema, size_t n,
             struct error *err)
{
    int64_t version = 0;

    if (sqlite3_open_v2(path, &out->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return db_fail(out, path, err);
    sqlite3_busy_timeout(out->handle, BUSY_MS);
    if (!db_do(out,
               "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
               "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
               "PRAGMA cell_size_check = ON; PRAGMA wal_autocheckpoint = " LOG_PAGES ";"
               "PRAGMA journal_size_limit = " AS_TEXT(DB_LOG_BYTES_MAX),
               err) ||
        !db_version(out, &version, err))
        return false;
    if (version > (int64_t)n)
        return fail(err, E_DB_NEWER, "%s has schema %lld, this program knows %zu", path,
                    (long long)version, n);
    for (; version < (int64_t)n; version++)
        if (!schema_step(out, schema, version, err))
            return false;
    return true;
}

bool db_check(struct db *db, struct error *err)
{
    scoped(query_end) struct query query = {0};

    if (!query_begin(&query, db, "PRAGMA quick_check (1)", err))
        return false;
    if (!query_next(&query, err))
        return db_fail(db, "its pages", err);
    return text_equal(query_get_text(&query, 0), "ok") ||
           fail(err, E_DB, "%s", query_get_text(&query, 0));
}

void db_close(struct db *db)
{
    sqlite3_close_v2(db->handle);
    db->handle = NULL;
}

bool db_begin(struct db_change *out, struct db *db, struct error *err)
{
    if (!db_do(db, "BEGIN IMMEDIATE", err))
        return false;
    out->db = db;
    return true;
}

bool db_commit(struct db_change *change, struct error *err)
{
    if (!db_do(change->db, "COMMIT", err))
        return false;
    change->db = NULL;
    return true;
}

void db_rollback(struct db_change *change)
{
    if (change->db != NULL)
        sqlite3_exec(change->db->handle, "ROLLBACK", NULL, NULL, NULL);
    change->db = NULL;
}

bool query_begin(struct query *out, struct db *db, const char *sql, struct error *err)
{
    out->db = db;
    return sqlite3_prepare_v2(db->handle, sql, -1, &out->stmt, NULL) == SQLITE_OK ||
           db_fail(db, "a statement", err);
}

void query_text(struct query *query, int at, const char *text)
{
    query->bad |=
        sqlite3_bind_text(query->stmt, at, text, -1, SQLITE_TRANSIENT) != SQLITE_OK;
}

void query_blob(struct query *query, int at, struct span bytes)
{
    query->bad |=
        sqlite3_bind_blob64(query->stmt, at, bytes.n > 0 ? bytes.at : (const void *)"",
                            bytes.n, SQLITE_TRANSIENT) != SQLITE_OK;
}

void query_int(struct query *query, int at, int64_t value)
{
    query->bad |= sqlite3_bind_int64(query->stmt, at, value) != SQLITE_OK;
}

bool query_next(struct query *query, struct error *err)
{
    int code = query->bad ? SQLITE_MISUSE : sqlite3_step(query->stmt);

    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        db_fail(query->db, "a statement", err);
    return false;
}

bool query_run(struct query *query, int *changed, struct error *err)
{
    while (query_next(query, err))
        continue;
    if (err->msg != E_NONE)
        return false;
    if (changed != NULL)
        *changed = sqlite3_changes(query->db->handle);
    return true;
}

void query_again(struct query *query)
{
    sqlite3_reset(query->stmt);
    sqlite3_clear_bindings(query->stmt);
}

void query_end(struct query *query)
{
    sqlite3_finalize(query->stmt);
    query->stmt = NULL;
}

int64_t query_get_int(const struct query *query, int column)
{
    return sqlite3_column_int64(query->stmt, column);
}

const char *query_get_text(const struct query *query, int column)
{
    const unsigned char *text = sqlite3_column_text(query->stmt, column);

    return text != NULL ? (const char *)text : "";
}

struct span query_get_blob(const struct query *query, int column)
{
    const void *at = sqlite3_column_blob(query->stmt, column);

    return span_of(at, (size_t)sqlite3_column_bytes(query->stmt, column));
}
