/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/journal.h"

#include "base/mem.h"

#include <string.h>

void batch_clear(struct batch *batch)
{
    mem_free(batch->item);
    *batch = (struct batch){0};
}

/* How many neighbours stand from item `at` on. */
static size_t run_length(const struct batch *batch, size_t at)
{
    size_t n = 1;

    while (at + n < batch->n &&
           batch->item[at + n].segment == batch->item[at + n - 1].segment + 1)
        n++;
    return n;
}

static bool record_run(struct query *query, const struct finished *item, size_t n,
                       struct error *err)
{
    scoped(buf_clear) struct buf digests = buf_upto((size_t)BATCH_MAX * DIGEST_BYTES);

    for (size_t i = 0; i < n; i++)
        if (!buf_add(&digests, digest_span(&item[i].digest), err))
            return false;
    query_int(query, 3, (int64_t)item[0].segment);
    query_int(query, 4, (int64_t)item[n - 1].segment);
    query_blob(query, 5, buf_span(&digests));
    if (!query_run(query, NULL, err))
        return false;
    query_again(query);
    return true;
}

bool journal_record(struct db *db, const char *migration, const struct batch *batch,
                    struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    scoped(query_end) struct query query = {0};

    if (batch->n == 0)
        return true;
    if (!db_begin(&change, db, err) ||
        !query_begin(&query, db,
                     "INSERT OR REPLACE INTO segment (migration, generation, first, last,"
                     " digests) VALUES (?1, ?2, ?3, ?4, ?5)",
                     err))
        return false;
    for (size_t at = 0; at < batch->n;) {
        const size_t n = run_length(batch, at);

        query_text(&query, 1, migration);
        query_int(&query, 2, batch->generation);
        if (!record_run(&query, &batch->item[at], n, err))
            return false;
        at += n;
    }
    return db_commit(&change, err);
}

/* The row's segments from `from` on that the batch does not have yet. */
static bool add_row(struct batch *out, const struct query *query, uint64_t from,
                    struct error *err)
{
    const uint64_t first = (uint64_t)query_get_int(query, 0);
    const uint64_t last = (uint64_t)query_get_int(query, 1);
    const struct span digests = query_get_blob(query, 2);

    if (last < first || digests.n != (last - first + 1) * DIGEST_BYTES)
        return fail(err, E_DB, "the row of segment %llu", (unsigned long long)first);
    for (uint64_t i = first; i <= last && out->n < BATCH_MAX; i++) {
        struct finished *item = &out->item[out->n];

        if (i < from || (out->n > 0 && i <= item[-1].segment))
            continue;
        item->segment = i;
        memcpy(&item->digest, digests.at + (i - first) * DIGEST_BYTES, DIGEST_BYTES);
        out->n++;
    }
    return true;
}

bool journal_load(struct batch *out, struct db *db, const char *migration,
                  unsigned generation, uint64_t from, struct error *err)
{
    scoped(query_end) struct query query = {0};
    struct error trouble = {0};

    *out = (struct batch){.generation = generation,
                          .item = mem_zeroed(BATCH_MAX, sizeof(*out->item))};
    if (!query_begin(&query, db,
                     "SELECT first, last, digests FROM segment WHERE migration = ?1 AND"
                     " generation = ?2 AND last >= ?3 ORDER BY first, last",
                     err))
        return false;
    query_text(&query, 1, migration);
    query_int(&query, 2, generation);
    query_int(&query, 3, (int64_t)from);
    while (out->n < BATCH_MAX && query_next(&query, &trouble))
        if (!add_row(out, &query, from, err))
            return false;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

bool journal_forget(struct db *db, const char *migration, struct error *err)
{
    scoped(query_end) struct query query = {0};

    if (!query_begin(&query, db, "DELETE FROM segment WHERE migration = ?1", err))
        return false;
    query_text(&query, 1, migration);
    return query_run(&query, NULL, err);
}
