/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One SQLite database: WAL, synchronous=FULL (a committed transaction survives a power
 * cut), foreign keys on. A struct db belongs to one thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

#define DB_LOG_BYTES_MAX 4194304 /* of state.db-wal, while no reader stays on */

struct db {
    struct sqlite3 *handle;
};

/* SQLite asks base/mem.h from now on. Once, before any database is opened. */
void db_use_mem(void);

/*
 * Open or create the file. `schema` has n steps; those beyond PRAGMA user_version are run,
 * each in a transaction. A database with more steps than n is refused by name (E_DB_NEWER).
 */
must_check bool db_open(struct db *out, const char *path, const char *const *schema,
                        size_t n, struct error *err);
/* Look at every page: E_DB and the first thing that is wrong. */
must_check bool db_check(struct db *db, struct error *err);
void db_close(struct db *db);

/* One transaction; without db_commit, db_rollback at the end of the scope undoes it. */
struct db_change {
    struct db *db; /* NULL once committed */
};
must_check bool db_begin(struct db_change *out, struct db *db, struct error *err);
must_check bool db_commit(struct db_change *change, struct error *err);
void db_rollback(struct db_change *change);

/* A prepared statement; parameters are ?1, ?2 … */
struct query {
    struct sqlite3_stmt *stmt;
    struct db *db;
    bool bad; /* a bind failed; query_next and query_run report it */
};
must_check bool query_begin(struct query *out, struct db *db, const char *sql,
                            struct error *err);
void query_text(struct query *query, int at, const char *text);
void query_blob(struct query *query, int at, struct span bytes);
void query_int(struct query *query, int at, int64_t value);
/* True with a row in reach, false at the end (err untouched) or on failure (err set). */
bool query_next(struct query *query, struct error *err);
/* Run a statement that gives no rows. `changed` (or NULL): rows it touched. */
must_check bool query_run(struct query *query, int *changed, struct error *err);
/* Ready to bind and run once more. */
void query_again(struct query *query);
void query_end(struct query *query);

/* Columns of the row in reach, from 0. Text and blobs are borrowed until the next step. */
int64_t query_get_int(const struct query *query, int column);
const char *query_get_text(const struct query *query, int column); /* never NULL */
struct span query_get_blob(const struct query *query, int column);
