/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/grant.h"

#include "base/text.h"
#include "certs/path.h"

#include <string.h>

#define GRANT_COLUMNS                                                                      \
    "id, migration, peer_server_key, peer_client_key, peer_name, byte_ceiling, issued,"    \
    " expires, not_after, transcript, revoked, pinned, policy, peer_policy, heard"

static bool in_date(const struct chain *chain, time_t now, struct error *err)
{
    char when[TIME_TEXT_MAX], here[TIME_TEXT_MAX];

    for (size_t i = 0; i < chain->n; i++) {
        const struct cert *cert = &chain->cert[i];
        const bool early = now < cert->not_before.at;

        if (!early && now <= cert->not_after.at)
            continue;
        text_show_time(when, early ? cert->not_before.at : cert->not_after.at);
        text_show_time(here, now);
        return fail_at(err, E_GRANT_DATES, i, "'%s' is good %s %s; the clock says %s",
                       cert_issued_to(cert), early ? "from" : "until", when, here);
    }
    return true;
}

bool grant_names(const struct grant *grant, const struct chain *peer, bool as_server,
                 struct error *err)
{
    const struct digest *key =
        as_server ? &grant->peer_server_key : &grant->peer_client_key;

    return (peer->n > 0 && digest_equal(&chain_leaf(peer)->spki_sha256, key)) ||
           fail(err, E_GRANT_KEY, "the peer shows '%s'",
                peer->n > 0 ? cert_issued_to(chain_leaf(peer)) : "no certificate");
}

bool grant_is_current(const struct grant *grant, const struct chain *peer, bool as_server,
                      time_t now, struct error *err)
{
    if (!grant_names(grant, peer, as_server, err))
        return false;
    if (grant->revoked)
        return fail(err, E_GRANT_REVOKED, "%s", grant->id);
    if (now >= grant->expires)
        return fail(err, E_GRANT_EXPIRED, "%s", grant->id);
    if (grant->not_after != 0 && now > grant->not_after)
        return fail(err, E_GRANT_DATES, "a certificate of the pairing has expired");
    return in_date(peer, now, err);
}

bool grant_admits(const struct grant *grant, const struct chain *peer, bool as_server,
                  const struct trust *trust, time_t now, struct error *err)
{
    struct path path = {0};

    if (!grant_is_current(grant, peer, as_server, now, err))
        return false;
    return grant->pinned || path_build(&path, chain_leaf(peer), peer, trust) ||
           fail(err, E_TRUST_NO_PATH, "'%s'", cert_issued_to(chain_leaf(peer)));
}

/* Storing a grant that exists renews what a new pair of verdicts may renew, the key of the
 * peer's other leaf too; a peer that does not prove the key the grant is for, its server
 * key at the source and its client key at the target, renews nothing. */
bool grant_store(struct db *db, const struct grant *grant, const char *side,
                 struct error *err)
{
    scoped(query_end) struct query insert = {0};
    char transcript[DIGEST_HEX];
    int changed = 0;

    if (!query_begin(
            &insert, db,
            "INSERT INTO grants (id, side, migration, peer_server_key,"
            " peer_client_key, peer_name, byte_ceiling, issued, expires, not_after,"
            " transcript, pinned, policy, peer_policy, heard)"
            " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?2 <> 'target')"
            " ON CONFLICT (id) DO UPDATE SET expires = excluded.expires,"
            " not_after = excluded.not_after, transcript = excluded.transcript,"
            " peer_server_key = excluded.peer_server_key,"
            " peer_client_key = excluded.peer_client_key, pinned = excluded.pinned,"
            " policy = excluded.policy, peer_policy = excluded.peer_policy, heard = 1"
            " WHERE migration = excluded.migration AND CASE side"
            " WHEN 'source' THEN peer_server_key = excluded.peer_server_key"
            " ELSE peer_client_key = excluded.peer_client_key END",
            err))
        return false;
    digest_hex(transcript, &grant->transcript);
    query_text(&insert, 1, grant->id);
    query_text(&insert, 2, side);
    query_text(&insert, 3, grant->migration);
    query_blob(&insert, 4, digest_span(&grant->peer_server_key));
    query_blob(&insert, 5, digest_span(&grant->peer_client_key));
    query_text(&insert, 6, grant->peer_name);
    query_int(&insert, 7, (int64_t)grant->byte_ceiling);
    query_int(&insert, 8, grant->issued);
    query_int(&insert, 9, grant->expires);
    query_int(&insert, 10, grant->not_after);
    query_text(&insert, 11, transcript);
    query_int(&insert, 12, grant->pinned);
    query_text(&insert, 13, policy_name(grant->policy));
    query_text(&insert, 14, policy_name(grant->peer_policy));
    if (!query_run(&insert, &changed, err))
        return false;
    return changed > 0 || fail(err, E_GRANT_KEY, "%s is another peer's", grant->id);
}

static void digest_from_blob(struct digest *out, struct span blob)
{
    if (blob.n == DIGEST_BYTES)
        memcpy(out->byte, blob.at, DIGEST_BYTES);
}

static bool grant_read(struct grant *out, struct query *row, const char *what,
                       struct error *err)
{
    if (!query_next(row, err))
        return fail(err, E_GRANT_UNKNOWN, "%s", what);
    *out = (struct grant){.byte_ceiling = (uint64_t)query_get_int(row, 5),
                          .issued = query_get_int(row, 6),
                          .expires = query_get_int(row, 7),
                          .not_after = query_get_int(row, 8),
                          .revoked = query_get_int(row, 10) != 0,
                          .pinned = query_get_int(row, 11) != 0,
                          .heard = query_get_int(row, 14) != 0};
    (void)text_fits(out->id, query_get_text(row, 0));
    (void)text_fits(out->migration, query_get_text(row, 1));
    digest_from_blob(&out->peer_server_key, query_get_blob(row, 2));
    digest_from_blob(&out->peer_client_key, query_get_blob(row, 3));
    (void)text_fits(out->peer_name, query_get_text(row, 4));
    return (digest_from_hex(&out->transcript, query_get_text(row, 9)) &&
            policy_named(&out->policy, query_get_text(row, 12), err) &&
            policy_named(&out->peer_policy, query_get_text(row, 13), err)) ||
           fail(err, E_DB, "the grant %s is damaged", out->id);
}

/* The one that was given last, whatever the clock said then. */
bool grant_load(struct grant *out, struct db *db, const char *migration, const char *side,
                struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db,
                     "SELECT " GRANT_COLUMNS
                     " FROM grants WHERE migration = ?1 AND side = ?2"
                     " ORDER BY rowid DESC LIMIT 1",
                     err))
        return false;
    query_text(&row, 1, migration);
    query_text(&row, 2, side);
    return grant_read(out, &row, migration, err);
}

bool grant_load_id(struct grant *out, struct db *db, const char *id, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT " GRANT_COLUMNS " FROM grants WHERE id = ?1", err))
        return false;
    query_text(&row, 1, id);
    return grant_read(out, &row, id, err);
}

bool grant_heard(struct db *db, const char *id, struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db, "UPDATE grants SET heard = 1 WHERE id = ?1", err))
        return false;
    query_text(&update, 1, id);
    return query_run(&update, NULL, err);
}

bool grant_was_given(bool *out, struct db *db, const struct digest *client_key,
                     struct error *err)
{
    scoped(query_end) struct query row = {0};

    *out = false;
    if (!query_begin(&row, db,
                     "SELECT 1 FROM grants WHERE peer_client_key = ?1 AND side = 'target'"
                     " LIMIT 1",
                     err))
        return false;
    query_blob(&row, 1, digest_span(client_key));
    *out = query_next(&row, err);
    return err->msg == E_NONE;
}

bool grant_revoke_all(struct db *db, const char *migration, struct error *err)
{
    scoped(query_end) struct query update = {0};
    int changed = 0;

    if (!query_begin(&update, db, "UPDATE grants SET revoked = 1 WHERE migration = ?1",
                     err))
        return false;
    query_text(&update, 1, migration);
    if (!query_run(&update, &changed, err))
        return false;
    return changed > 0 || fail(err, E_GRANT_UNKNOWN, "%s", migration);
}

bool grant_revoke(struct db *db, const char *id, struct error *err)
{
    scoped(query_end) struct query update = {0};
    int changed = 0;

    if (!query_begin(&update, db, "UPDATE grants SET revoked = 1 WHERE id = ?1", err))
        return false;
    query_text(&update, 1, id);
    if (!query_run(&update, &changed, err))
        return false;
    return changed > 0 || fail(err, E_GRANT_UNKNOWN, "%s", id);
}
