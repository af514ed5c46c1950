/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/sessions.h"

#include "agent/bounds.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>

#define TOKEN_BYTES ((SESSION_TOKEN_MAX - 2) / 2)
#define USED_SECONDS 60 /* how exactly the last use is known: a look is no write */

/* A use counts that lies between these two, ?1 and ?2: of one ahead of the clock nobody
 * knows when it was. */
#define LIVING                                                                             \
    "SELECT session.id, session.name, admin.role, session.kind, session.address,"          \
    " session.created, session.used FROM session JOIN admin ON admin.name = session.name"  \
    " WHERE session.used BETWEEN ?1 AND ?2"
#define OVER                                                                               \
    "used NOT BETWEEN ?1 AND ?2 OR NOT EXISTS"                                             \
    " (SELECT 1 FROM admin WHERE admin.name = session.name)"

static void bind_times(struct query *query, time_t now)
{
    query_int(query, 1, now - API_SESSION_IDLE_SECONDS);
    query_int(query, 2, now + API_SESSION_IDLE_SECONDS);
}

void session_read(struct session *out, const struct query *row)
{
    *out = (struct session){.role = ADMIN_OBSERVER,
                            .created = query_get_int(row, 5),
                            .used = query_get_int(row, 6)};
    (void)text_fits(out->id, query_get_text(row, 0));
    (void)text_fits(out->name, query_get_text(row, 1));
    (void)text_fits(out->kind, query_get_text(row, 3));
    (void)text_fits(out->address, query_get_text(row, 4));
    if (text_equal(query_get_text(row, 2), admin_role_name(ADMIN_FULL)))
        out->role = ADMIN_FULL;
}

bool session_list(struct query *out, struct db *db, time_t now, struct error *err)
{
    if (!query_begin(out, db, LIVING " ORDER BY session.created, session.id", err))
        return false;
    bind_times(out, now);
    return true;
}

bool session_load(struct session *out, struct db *db, const char *id, time_t now,
                  struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, LIVING " AND session.id = ?3", err))
        return false;
    bind_times(&row, now);
    query_text(&row, 3, id);
    if (!query_next(&row, err))
        return fail(err, E_API_SESSION_UNKNOWN, "%.40s", id);
    session_read(out, &row);
    return true;
}

static bool session_touch(struct session *session, struct db *db, time_t now,
                          struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (now < session->used + USED_SECONDS && now >= session->used)
        return true;
    if (!query_begin(&update, db, "UPDATE session SET used = ?2 WHERE id = ?1", err))
        return false;
    query_text(&update, 1, session->id);
    query_int(&update, 2, now);
    session->used = now;
    return query_run(&update, NULL, err);
}

/* What is out of its time is removed, not only passed over: the clock may come to it. */
static bool sweep(struct db *db, time_t now, struct error *err)
{
    scoped(query_end) struct query remove = {0};

    if (!query_begin(&remove, db, "DELETE FROM session WHERE " OVER, err))
        return false;
    bind_times(&remove, now);
    return query_run(&remove, NULL, err);
}

/* A look alone is no write. */
static bool sweep_if_due(struct db *db, time_t now, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT EXISTS (SELECT 1 FROM session WHERE " OVER ")", err))
        return false;
    bind_times(&row, now);
    if (!query_next(&row, err))
        return false;
    if (query_get_int(&row, 0) == 0)
        return true;
    query_end(&row);
    return sweep(db, now, err);
}

bool session_find(struct session *out, struct db *db, const char *token, time_t now,
                  struct error *err)
{
    scoped(query_end) struct query row = {0};
    struct digest hash;

    digest_of(&hash, DIGEST_SHA256, span_text(token));
    if (!sweep_if_due(db, now, err) ||
        !query_begin(&row, db, LIVING " AND session.token = ?3", err))
        return false;
    bind_times(&row, now);
    query_blob(&row, 3, digest_span(&hash));
    if (!query_next(&row, err))
        return fail(err, E_API_LOGIN, "no session has this token, or it was idle too long");
    session_read(out, &row);
    query_end(&row);
    return session_touch(out, db, now, err);
}

/* Each user has a share: nobody, an observer least of all, takes the room of all others. */
static bool there_is_room(struct db *db, const char *name, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT count(*), total(name = ?1) FROM session", err))
        return false;
    query_text(&row, 1, name);
    if (!query_next(&row, err))
        return false;
    if (query_get_int(&row, 1) >= API_SESSIONS_EACH)
        return fail(err, E_API_SESSIONS, "%d of %s", API_SESSIONS_EACH, name);
    return query_get_int(&row, 0) < API_SESSIONS_MAX ||
           fail(err, E_API_SESSIONS, "%d", API_SESSIONS_MAX);
}

/* A random UUID (RFC 9562 5.4). */
static bool make_id(char out[SESSION_ID_MAX], struct error *err)
{
    unsigned char b[16];

    if (!random_fill(b, sizeof(b), err))
        return false;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, SESSION_ID_MAX,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
             b[13], b[14], b[15]);
    return true;
}

static bool make_token(char out[SESSION_TOKEN_MAX], struct digest *hash, struct error *err)
{
    unsigned char raw[TOKEN_BYTES];

    if (!random_fill(raw, sizeof(raw), err))
        return false;
    text_hex(out, span_of(raw, sizeof(raw)));
    mem_wipe(raw, sizeof(raw));
    digest_of(hash, DIGEST_SHA256, span_text(out));
    return true;
}

bool session_begin(struct session *session, char token[SESSION_TOKEN_MAX], struct db *db,
                   time_t now, struct error *err)
{
    scoped(query_end) struct query insert = {0};
    struct digest hash;

    session->created = session->used = now;
    if (!sweep(db, now, err) || !there_is_room(db, session->name, err) ||
        !make_id(session->id, err) || !make_token(token, &hash, err) ||
        !query_begin(&insert, db,
                     "INSERT INTO session (id, token, name, kind, address, created, used)"
                     " VALUES (?1,?2,?3,?4,?5,?6,?6)",
                     err))
        return false;
    query_text(&insert, 1, session->id);
    query_blob(&insert, 2, digest_span(&hash));
    query_text(&insert, 3, session->name);
    query_text(&insert, 4, session->kind);
    query_text(&insert, 5, session->address);
    query_int(&insert, 6, now);
    return query_run(&insert, NULL, err);
}

/* By the name: the times of a session and of a password are whole seconds. */
bool session_end_all(struct db *db, const char *name, struct error *err)
{
    scoped(query_end) struct query remove = {0};

    if (!query_begin(&remove, db, "DELETE FROM session WHERE name = ?1", err))
        return false;
    query_text(&remove, 1, name);
    return query_run(&remove, NULL, err);
}

bool session_end(struct db *db, const char *id, struct error *err)
{
    scoped(query_end) struct query remove = {0};
    int changed = 0;

    if (!query_begin(&remove, db, "DELETE FROM session WHERE id = ?1", err))
        return false;
    query_text(&remove, 1, id);
    if (!query_run(&remove, &changed, err))
        return false;
    return changed > 0 || fail(err, E_API_SESSION_UNKNOWN, "%.40s", id);
}
