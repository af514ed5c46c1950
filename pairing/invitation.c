/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The codes that the target has given out: verifiers, failures, who used them. */
#include "base/text.h"
#include "pairing/authorize.h"

#include <strings.h>

/* An invitation that may still be proven; its row is in reach of `row`. */
static bool invitation_find(struct query *row, struct db *db, uint32_t selector,
                            struct error *err)
{
    if (!query_begin(row, db,
                     "SELECT salt, iterations, stored_key, server_key, used_by, expires,"
                     " failures FROM invitation WHERE selector = ?1",
                     err))
        return false;
    query_int(row, 1, selector);
    if (!query_next(row, err))
        return fail(err, E_CODE_WRONG, "no such invitation");
    if (query_get_int(row, 6) >= CODE_FAILURES_MAX)
        return fail(err, E_CODE_WRONG, "no such invitation");
    /* A used or expired one is told apart only after the secret was proven. */
    return true;
}

bool scram_server(struct scram **out, struct db *db, uint32_t selector,
                  const unsigned char exporter[TLS_EXPORTER_BYTES], struct error *err)
{
    scoped(query_end) struct query row = {0};
    struct verifier verifier;

    return invitation_find(&row, db, selector, err) &&
           verifier_read(&verifier, &row, 0, err) &&
           scram_server_of(out, &verifier, exporter, err);
}

/* Nobody asks about an invitation that ended so long ago. */
static bool forget_old(struct db *db, time_t now, struct error *err)
{
    scoped(query_end) struct query remove = {0};

    if (!query_begin(&remove, db, "DELETE FROM invitation WHERE expires < ?1", err))
        return false;
    query_int(&remove, 1, now - INVITATION_KEEP_SECONDS);
    return query_run(&remove, NULL, err);
}

bool invitation_make(struct code *out, struct db *db, const char *for_name, time_t now,
                     time_t expires, struct error *err)
{
    scoped(query_end) struct query insert = {0};
    struct verifier verifier = {0};

    if (!forget_old(db, now, err) || !code_make(out, err) ||
        !verifier_make(&verifier, out->secret, CODE_ITERATIONS, err) ||
        !query_begin(
            &insert, db,
            "INSERT INTO invitation (selector, for_name, created, expires, salt,"
            " iterations, stored_key, server_key) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
            err))
        return false;
    query_int(&insert, 1, out->selector);
    query_text(&insert, 2, for_name);
    query_int(&insert, 3, now);
    query_int(&insert, 4, expires);
    verifier_bind(&insert, 5, &verifier);
    return query_run(&insert, NULL, err);
}

bool invitation_list(struct query *out, struct db *db, struct error *err)
{
    return query_begin(out, db,
                       "SELECT selector, for_name, created, expires, used, failures"
                       " FROM invitation ORDER BY created DESC, selector",
                       err);
}

void invitation_read(struct invitation *out, const struct query *row)
{
    *out = (struct invitation){.selector = (uint32_t)query_get_int(row, 0),
                               .created = query_get_int(row, 2),
                               .expires = query_get_int(row, 3),
                               .used = query_get_int(row, 4),
                               .failures = (unsigned)query_get_int(row, 5)};
    (void)text_fits(out->for_name, query_get_text(row, 1));
}

bool invitation_failed(struct db *db, uint32_t selector, struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db,
                     "UPDATE invitation SET failures = failures + 1 WHERE selector = ?1",
                     err))
        return false;
    query_int(&update, 1, selector);
    return query_run(&update, NULL, err);
}

/* Anybody who pairs, or the peer of that name or key: 64 digits are no name of a host. */
static bool is_for(const char *whom, const struct grant *grant)
{
    char key[DIGEST_HEX];

    digest_hex(key, &grant->peer_client_key);
    return whom[0] == '\0' || text_equal(whom, grant->peer_name) ||
           strcasecmp(whom, key) == 0;
}

/* Who used it and for which migration, empty when nobody did; also whether it may be used
 * now by this peer. */
static bool invitation_state(struct buf *used_by, char migration[MIGRATION_ID_MAX],
                             struct db *db, uint32_t selector, const struct grant *grant,
                             struct error *err)
{
    scoped(query_end) struct query row = {0};
    const char *for_name;

    if (!query_begin(
            &row, db,
            "SELECT used_by, expires, for_name, migration, failures FROM invitation"
            " WHERE selector = ?1",
            err))
        return false;
    query_int(&row, 1, selector);
    if (!query_next(&row, err))
        return fail(err, E_CODE_WRONG, "no such invitation");
    for_name = query_get_text(&row, 2);
    if (!is_for(for_name, grant))
        return fail(err, E_CODE_WRONG, "the invitation is for '%s', the peer is '%s'",
                    for_name, grant->peer_name);
    if (!buf_add(used_by, query_get_blob(&row, 0), err))
        return false;
    if (!text_copy(migration, MIGRATION_ID_MAX, query_get_text(&row, 3)))
        return fail(err, E_DB, "an invitation's migration is damaged");
    if (used_by->n == 0 && query_get_int(&row, 1) <= grant->issued)
        return fail(err, E_CODE_WRONG, "the invitation has expired");
    /* Proofs run side by side: one may end after the others have failed too often. */
    if (used_by->n == 0 && query_get_int(&row, 4) >= CODE_FAILURES_MAX)
        return fail(err, E_CODE_WRONG, "too many wrong secrets");
    return true;
}

static bool invitation_mark(struct db *db, uint32_t selector, const struct grant *grant,
                            struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db,
                     "UPDATE invitation SET used_by = ?2, used = ?3, migration = ?4"
                     " WHERE selector = ?1",
                     err))
        return false;
    query_int(&update, 1, selector);
    query_blob(&update, 2, digest_span(&grant->peer_client_key));
    query_int(&update, 3, grant->issued);
    query_text(&update, 4, grant->migration);
    return query_run(&update, NULL, err);
}

/* The newest grant of what it was used for: it may have been renewed by another way. */
static bool grant_again(struct grant *grant, struct db *db, const char *migration,
                        struct error *err)
{
    return grant_load(grant, db, migration, "target", err) &&
           (!grant->revoked || fail(err, E_GRANT_REVOKED, "%s", grant->id));
}

bool invitation_redeem(struct grant *grant, struct db *db, uint32_t selector, time_t now,
                       struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    scoped(buf_clear) struct buf used_by = buf_upto(DIGEST_BYTES);
    char migration[MIGRATION_ID_MAX];

    grant->issued = now;
    if (!db_begin(&change, db, err) ||
        !invitation_state(&used_by, migration, db, selector, grant, err))
        return false;
    if (used_by.n > 0) {
        if (!span_equal(buf_span(&used_by), digest_span(&grant->peer_client_key)))
            return fail(err, E_CODE_USED, "by key %02x%02x%02x%02x...", used_by.at[0],
                        used_by.at[1], used_by.at[2], used_by.at[3]);
        return grant_again(grant, db, migration, err);
    }
    return invitation_mark(db, selector, grant, err) &&
           grant_store(db, grant, "target", err) && db_commit(&change, err);
}
