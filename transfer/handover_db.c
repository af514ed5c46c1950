/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handover as rows: a move and the statement that goes with it are one transaction. */
#include "transfer/handover.h"

#include "base/text.h"
#include "pairing/grant.h"

struct signed_text signed_text_none(void)
{
    return (struct signed_text){.body = buf_upto(STATEMENT_BODY_MAX),
                                .signature = buf_upto(KEY_SIGNATURE_MAX)};
}

void signed_text_clear(struct signed_text *text)
{
    buf_clear(&text->body);
    buf_clear(&text->signature);
}

static const char *kept_name(enum statement_kept kind)
{
    static const char *const names[STATEMENTS_KEPT] = {
        [KEPT_FREEZE] = "freeze",
        [KEPT_RECEIPT] = "receipt",
        [KEPT_ABORT] = "abort",
        [KEPT_COUNTERSIGN] = "countersign",
        [KEPT_DRAFT] = "draft",
        [KEPT_SOURCE_CHAIN] = "source-chain",
        [KEPT_TARGET_CHAIN] = "target-chain",
    };

    return kind < STATEMENTS_KEPT ? names[kind] : "";
}

/* Which statement comes with an event; the other events have none to keep. The first one
 * stays, for a repeated question gets the same answer, unless the event is another one. */
static const struct {
    enum handover_event event;
    enum statement_kept kind;
    bool replaces;
} kept[] = {
    {ASKED_FREEZE, KEPT_FREEZE, false},
    {ASKED_NEXT, KEPT_FREEZE, true},
    {WILL_FREEZE, KEPT_FREEZE, false},
    {WILL_NEXT, KEPT_FREEZE, true},
    {DID_PUBLISH, KEPT_RECEIPT, false},
    {GOT_RECEIPT, KEPT_RECEIPT, false},
    {ASKED_ABORT, KEPT_ABORT, false},
    {DID_ROLL_BACK, KEPT_ABORT, false},
    {GOT_ABORTED, KEPT_ABORT, false},
    {ASKED_COUNTERSIGN, KEPT_COUNTERSIGN, false},
    {WILL_COUNTERSIGN, KEPT_COUNTERSIGN, false},
};

static bool keep_statement(struct db *db, const char *migration,
                           const struct handover_act *act, struct error *err)
{
    scoped(query_end) struct query query = {0};
    const char *name = NULL;
    bool replaces = false;

    for (size_t i = 0; i < COUNT(kept); i++)
        if (kept[i].event == act->event) {
            name = kept_name(kept[i].kind);
            replaces = kept[i].replaces;
        }
    if (act->statement == NULL || name == NULL)
        return true;
    if (!query_begin(&query, db,
                     replaces ? "INSERT OR REPLACE INTO statement (migration, kind, body,"
                                " signature, at) VALUES (?1, ?2, ?3, ?4, ?5)"
                              : "INSERT OR IGNORE INTO statement (migration, kind, body,"
                                " signature, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                     err))
        return false;
    query_text(&query, 1, migration);
    query_text(&query, 2, name);
    query_blob(&query, 3, buf_span(&act->statement->body));
    query_blob(&query, 4, buf_span(&act->statement->signature));
    query_int(&query, 5, act->now);
    return query_run(&query, NULL, err);
}

static bool keep_state(struct db *db, const struct handover *handover, int64_t now,
                       struct error *err)
{
    scoped(query_end) struct query query = {0};
    const struct handover_terms *terms = &handover->terms;

    if (!query_begin(
            &query, db,
            "UPDATE migration SET state = ?2, epoch = ?3, terms_epoch = ?4,"
            " manifest_root = ?5, contents_root = ?6, changed = ?7, generation = ?8,"
            " typed = ?9"
            " WHERE id = ?1",
            err))
        return false;
    query_text(&query, 1, handover->migration);
    query_text(&query, 2, handover_state_name(handover->state));
    query_int(&query, 3, (int64_t)handover->epoch);
    if (handover->has_terms) {
        query_int(&query, 4, (int64_t)terms->epoch);
        query_blob(&query, 5, digest_span(&terms->manifest_root));
        query_blob(&query, 6, digest_span(&terms->contents_root));
    }
    query_int(&query, 7, now);
    query_int(&query, 8, handover->generation);
    query_int(&query, 9, handover->typed);
    return query_run(&query, NULL, err);
}

bool handover_begin(struct handover *out, struct db *db, const struct handover_start *start,
                    struct error *err)
{
    scoped(query_end) struct query query = {0};
    const enum handover_state state = start->is_target ? TARGET_RECEIVING : SOURCE_SENDING;
    int changed = 0;

    if (!query_begin(&query, db,
                     "INSERT OR IGNORE INTO migration (id, side, grant_id, name, directory,"
                     " peer, state, generation, epoch, digest, created, changed) VALUES"
                     " (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, ?10)",
                     err))
        return false;
    query_text(&query, 1, start->migration);
    query_text(&query, 2, side_name(start->is_target ? SIDE_TARGET : SIDE_SOURCE));
    query_text(&query, 3, start->grant_id);
    query_text(&query, 4, start->name);
    query_text(&query, 5, start->directory);
    query_text(&query, 6, start->peer);
    query_text(&query, 7, handover_state_name(state));
    query_int(&query, 8, (int64_t)start->epoch);
    query_text(&query, 9, digest_name(start->kind));
    query_int(&query, 10, start->now);
    if (!query_run(&query, &changed, err))
        return false;
    if (changed == 0)
        return fail(err, E_MIGRATION_EXISTS, "%s", start->migration);
    return handover_load(out, db, start->migration, err);
}

static bool take_digest(struct digest *out, struct span bytes)
{
    if (bytes.n != DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        out->byte[i] = bytes.at[i];
    return true;
}

/* The row in reach; false when it says what no version of ours has written. */
static bool take_row(struct handover *out, const struct query *query)
{
    const bool is_target = text_equal(query_get_text(query, 1), side_name(SIDE_TARGET));
    const int64_t typed = query_get_int(query, 9);

    out->generation = (unsigned)query_get_int(query, 3);
    out->epoch = (uint64_t)query_get_int(query, 4);
    out->terms.generation = out->generation;
    out->terms.epoch = (uint64_t)query_get_int(query, 5);
    out->has_terms = take_digest(&out->terms.manifest_root, query_get_blob(query, 6)) &&
                     take_digest(&out->terms.contents_root, query_get_blob(query, 7));
    out->has_freeze = query_get_int(query, 8) != 0;
    out->typed = (enum handover_typed)typed;
    return typed >= NOT_TYPED && typed <= TYPED_HELD &&
           text_fits(out->migration, query_get_text(query, 0)) &&
           handover_state_named(&out->state, query_get_text(query, 2), is_target);
}

bool handover_load(struct handover *out, struct db *db, const char *migration,
                   struct error *err)
{
    scoped(query_end) struct query query = {0};
    struct error trouble = {0};

    *out = (struct handover){0};
    if (!query_begin(
            &query, db,
            "SELECT id, side, state, generation, epoch, terms_epoch,"
            " manifest_root, contents_root, EXISTS (SELECT 1 FROM statement WHERE"
            " migration = ?1 AND kind = 'freeze'), typed FROM migration WHERE id = ?1",
            err))
        return false;
    query_text(&query, 1, migration);
    if (!query_next(&query, &trouble)) {
        if (trouble.msg == E_NONE)
            return fail(err, E_MIGRATION_UNKNOWN, "%s", migration);
        *err = trouble;
        return false;
    }
    return take_row(out, &query) || fail(err, E_DB, "the row of migration %s", migration);
}

/* In the transaction of the move: a revocation comes before it or after it, never beside.
 */
static bool grant_lives(struct db *db, const char *migration, struct error *err)
{
    struct grant grant;

    return grant_load(&grant, db, migration, "target", err) &&
           (!grant.revoked || fail(err, E_GRANT_REVOKED, "%s", grant.id));
}

bool handover_step(struct handover *handover, struct db *db, const struct handover_act *act,
                   struct error *err)
{
    struct handover before = {0};
    struct handover after = {0};

    if (!handover_load(&before, db, handover->migration, err) ||
        (act->by_grant && !grant_lives(db, before.migration, err)) ||
        !handover_judge(&before, act, &after, err) ||
        !keep_state(db, &after, act->now, err) ||
        !keep_statement(db, after.migration, act, err))
        return false;
    *handover = after;
    return true;
}

bool handover_next(char out[HANDOVER_ID_MAX], bool *found, struct db *db,
                   enum handover_state state, const char *after, struct error *err)
{
    scoped(query_end) struct query query = {0};

    *found = false;
    if (!query_begin(&query, db,
                     "SELECT id FROM migration WHERE side = ?1 AND state = ?2 AND id > ?3"
                     " ORDER BY id LIMIT 1",
                     err))
        return false;
    query_text(&query, 1, side_name(handover_is_target(state) ? SIDE_TARGET : SIDE_SOURCE));
    query_text(&query, 2, handover_state_name(state));
    query_text(&query, 3, after);
    *found = query_next(&query, err);
    if (*found)
        (void)text_copy(out, HANDOVER_ID_MAX, query_get_text(&query, 0));
    return err->msg == E_NONE;
}

bool handover_keep(struct db *db, const char *migration, enum statement_kept kind,
                   struct span body, int64_t now, struct error *err)
{
    scoped(query_end) struct query query = {0};

    if (!query_begin(&query, db,
                     "INSERT OR REPLACE INTO statement (migration, kind, body, signature,"
                     " at) VALUES (?1, ?2, ?3, x'', ?4)",
                     err))
        return false;
    query_text(&query, 1, migration);
    query_text(&query, 2, kept_name(kind));
    query_blob(&query, 3, body);
    query_int(&query, 4, now);
    return query_run(&query, NULL, err);
}

bool handover_statement(struct signed_text *out, struct db *db, const char *migration,
                        enum statement_kept kind, struct error *err)
{
    scoped(query_end) struct query query = {0};
    struct error trouble = {0};

    if (!query_begin(&query, db,
                     "SELECT body, signature FROM statement WHERE migration = ?1 AND"
                     " kind = ?2",
                     err))
        return false;
    query_text(&query, 1, migration);
    query_text(&query, 2, kept_name(kind));
    if (!query_next(&query, &trouble)) {
        if (trouble.msg == E_NONE)
            return fail(err, E_STATEMENT_NONE, "%s of %s", kept_name(kind), migration);
        *err = trouble;
        return false;
    }
    return buf_add(&out->body, query_get_blob(&query, 0), err) &&
           buf_add(&out->signature, query_get_blob(&query, 1), err);
}
