/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/unheard.h"

#include "base/text.h"

/* A target's migration by which nothing was ever asked. */
#define UNHEARD                                                                            \
    " side = 'target' AND state = 'receiving' AND NOT EXISTS"                              \
    " (SELECT 1 FROM grants g WHERE g.migration = m.id AND g.heard = 1)"
#define GRANTED_SINCE                                                                      \
    " EXISTS (SELECT 1 FROM grants g WHERE g.migration = m.id AND g.expires > ?1"

bool unheard_find(char out[MIGRATION_ID_MAX], struct db *db,
                  const struct digest *client_key, const struct migration_facts *facts,
                  time_t now, struct error *err)
{
    scoped(query_end) struct query row = {0};

    out[0] = '\0';
    if (!query_begin(
            &row, db,
            "SELECT id FROM migration m WHERE" UNHEARD " AND" GRANTED_SINCE
            " AND g.revoked = 0 AND g.peer_client_key = ?2) AND name = ?3 AND directory = ?4"
            " AND digest = ?5 ORDER BY created DESC LIMIT 1",
            err))
        return false;
    query_int(&row, 1, now);
    query_blob(&row, 2, digest_span(client_key));
    query_text(&row, 3, facts->name);
    query_text(&row, 4, facts->directory);
    query_text(&row, 5, digest_name(facts->kind));
    if (query_next(&row, err))
        return text_copy(out, MIGRATION_ID_MAX, query_get_text(&row, 0)) ||
               fail(err, E_DB, "a migration's id is damaged");
    return err->msg == E_NONE;
}

/* The oldest that is over; *id is empty when none is left. */
static bool next_over(char id[MIGRATION_ID_MAX], struct db *db, time_t before,
                      struct error *err)
{
    scoped(query_end) struct query row = {0};

    id[0] = '\0';
    if (!query_begin(&row, db,
                     "SELECT id FROM migration m WHERE" UNHEARD " AND NOT" GRANTED_SINCE
                     ") ORDER BY created, id LIMIT 1",
                     err))
        return false;
    query_int(&row, 1, before);
    if (query_next(&row, err))
        return text_copy(id, MIGRATION_ID_MAX, query_get_text(&row, 0)) ||
               fail(err, E_DB, "a migration's id is damaged");
    return err->msg == E_NONE;
}

static bool remove_from(struct db *db, const char *sql, const char *id, struct error *err)
{
    scoped(query_end) struct query remove = {0};

    if (!query_begin(&remove, db, sql, err))
        return false;
    query_text(&remove, 1, id);
    return query_run(&remove, NULL, err);
}

static bool forget(struct office *office, const char *id, time_t now, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};
    const struct audit_entry entry = {.kind = AUDIT_MIGRATION,
                                      .event = "never-begun",
                                      .subject = id,
                                      .details = span_text("{}")};
    struct db *db = office->db;

    return db_begin(&change, db, err) &&
           remove_from(db, "DELETE FROM migration WHERE id = ?1", id, err) &&
           remove_from(db, "DELETE FROM grants WHERE migration = ?1", id, err) &&
           audit_commit(&change, office->key, &entry, now, err);
}

bool unheard_sweep(struct office *office, time_t now, struct error *err)
{
    char id[MIGRATION_ID_MAX];

    for (;;) {
        if (!next_over(id, office->db, now - UNHEARD_KEEP_SECONDS, err))
            return false;
        if (id[0] == '\0')
            return true;
        if (!forget(office, id, now, err))
            return false;
    }
}
