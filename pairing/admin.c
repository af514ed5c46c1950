/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/admin.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

bool admin_name_is_fit(const char *name, struct error *err)
{
    bool good = name[0] >= 'a' && name[0] <= 'z' && strlen(name) < ADMIN_NAME_MAX;

    for (const char *c = name; good && *c != '\0'; c++)
        good = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '.' ||
               *c == '_' || *c == '-';
    return good || fail(err, E_ADMIN_NAME, "'%s'", name);
}

/* A character is what is no continuation byte of UTF-8. */
bool admin_password_is_fit(const char *password, struct error *err)
{
    const struct span text = span_text(password);
    size_t characters = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] < ' ' || text.at[i] == 0x7f)
            return fail(err, E_PASSWORD_FORM, "it holds a control character");
        characters += (text.at[i] & 0xc0) != 0x80;
    }
    if (!text_is_utf8(text))
        return fail(err, E_PASSWORD_FORM, "it is not UTF-8");
    if (text.n > PASSWORD_BYTES_MAX)
        return fail(err, E_PASSWORD_FORM, "more than %d bytes", PASSWORD_BYTES_MAX);
    return characters >= PASSWORD_CHARACTERS_MIN ||
           fail(err, E_PASSWORD_FORM, "%zu characters, at least %d are needed", characters,
                PASSWORD_CHARACTERS_MIN);
}

static bool verifier_of_password(struct verifier *out, const char *name,
                                 const char *password, struct error *err)
{
    return admin_name_is_fit(name, err) && admin_password_is_fit(password, err) &&
           verifier_make(out, password, PASSWORD_ITERATIONS, err);
}

static const char *const role_names[] = {
    [ADMIN_OBSERVER] = "observer", [ADMIN_FULL] = "administrator"};

const char *admin_role_name(enum admin_role role)
{
    return role_names[role];
}

bool admin_role_named(enum admin_role *out, const char *name, struct error *err)
{
    for (size_t i = 0; i < COUNT(role_names); i++) {
        if (text_equal(role_names[i], name)) {
            *out = (enum admin_role)i;
            return true;
        }
    }
    return fail(err, E_ADMIN_ROLE, "'%s'", name);
}

bool admin_add(struct db *db, const char *name, const char *password, enum admin_role role,
               time_t now, struct error *err)
{
    scoped(query_end) struct query insert = {0};
    struct verifier verifier = {0};
    int changed = 0;

    if (!verifier_of_password(&verifier, name, password, err) ||
        !query_begin(&insert, db,
                     "INSERT INTO admin (name, created, changed, salt, iterations,"
                     " stored_key, server_key, role) VALUES (?1,?2,?2,?3,?4,?5,?6,?7)"
                     " ON CONFLICT (name) DO NOTHING",
                     err))
        return false;
    query_text(&insert, 1, name);
    query_int(&insert, 2, now);
    verifier_bind(&insert, 3, &verifier);
    query_text(&insert, 7, admin_role_name(role));
    if (!query_run(&insert, &changed, err))
        return false;
    return changed > 0 || fail(err, E_ADMIN_EXISTS, "%s", name);
}

bool admin_change(struct db *db, const char *name, const char *password, time_t now,
                  struct error *err)
{
    scoped(query_end) struct query update = {0};
    struct verifier verifier = {0};
    int changed = 0;

    if (!verifier_of_password(&verifier, name, password, err) ||
        !query_begin(&update, db,
                     "UPDATE admin SET changed = ?2, salt = ?3, iterations = ?4,"
                     " stored_key = ?5, server_key = ?6 WHERE name = ?1",
                     err))
        return false;
    query_text(&update, 1, name);
    query_int(&update, 2, now);
    verifier_bind(&update, 3, &verifier);
    if (!query_run(&update, &changed, err))
        return false;
    return changed > 0 || fail(err, E_ADMIN_UNKNOWN, "%s", name);
}

bool admin_remove(struct db *db, const char *name, struct error *err)
{
    scoped(query_end) struct query remove = {0};
    int changed = 0;

    if (!query_begin(&remove, db, "DELETE FROM admin WHERE name = ?1", err))
        return false;
    query_text(&remove, 1, name);
    if (!query_run(&remove, &changed, err))
        return false;
    return changed > 0 || fail(err, E_ADMIN_UNKNOWN, "%s", name);
}

#define ADMIN_COLUMNS "name, created, changed, role"

bool admin_load(struct admin *out, struct db *db, const char *name, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT " ADMIN_COLUMNS " FROM admin WHERE name = ?1", err))
        return false;
    query_text(&row, 1, name);
    if (!query_next(&row, err))
        return fail(err, E_ADMIN_UNKNOWN, "%s", name);
    admin_read(out, &row);
    return true;
}

bool admin_may_set(struct db *db, const char *name, bool is_new, struct error *err)
{
    struct admin admin;
    struct error why = {0};

    if (!admin_name_is_fit(name, err))
        return false;
    if (admin_load(&admin, db, name, &why))
        return !is_new || fail(err, E_ADMIN_EXISTS, "%s", name);
    if (is_new && why.msg == E_ADMIN_UNKNOWN)
        return true;
    *err = why;
    return false;
}

bool admin_list(struct query *out, struct db *db, struct error *err)
{
    return query_begin(out, db, "SELECT " ADMIN_COLUMNS " FROM admin ORDER BY name", err);
}

void admin_read(struct admin *out, const struct query *row)
{
    *out =
        (struct admin){.created = query_get_int(row, 1), .changed = query_get_int(row, 2)};
    (void)text_fits(out->name, query_get_text(row, 0));
    if (text_equal(query_get_text(row, 3), admin_role_name(ADMIN_FULL)))
        out->role = ADMIN_FULL; /* what is unknown may look only */
}

/* The key of the names that nobody has: made once, kept with the state. */
static bool names_key(struct digest *out, struct db *db, struct error *err)
{
    scoped(query_end) struct query insert = {0};
    scoped(query_end) struct query row = {0};
    struct digest fresh;
    struct span kept;

    if (!random_fill(fresh.byte, sizeof(fresh.byte), err) ||
        !query_begin(&insert, db,
                     "INSERT INTO secret (name, bytes) VALUES ('names', ?1)"
                     " ON CONFLICT (name) DO NOTHING",
                     err))
        return false;
    query_blob(&insert, 1, digest_span(&fresh));
    if (!query_run(&insert, NULL, err) ||
        !query_begin(&row, db, "SELECT bytes FROM secret WHERE name = 'names'", err))
        return false;
    if (!query_next(&row, err))
        return fail(err, E_DB, "the key of the names is gone");
    kept = query_get_blob(&row, 0);
    if (kept.n != DIGEST_BYTES)
        return fail(err, E_DB, "the key of the names is damaged");
    memcpy(out->byte, kept.at, DIGEST_BYTES);
    return true;
}

static void mark(struct digest *out, const struct digest *key, const char *what,
                 const char *name)
{
    struct digest inner;

    digest_keyed(&inner, digest_span(key), span_text(what));
    digest_keyed(out, digest_span(&inner), span_text(name));
    mem_wipe(&inner, sizeof(inner));
}

/* Nobody knows a secret that leads to these keys. */
static void verifier_of_nobody(struct verifier *out, const struct digest *key,
                               const char *name)
{
    struct digest salt;

    mark(&salt, key, "salt", name);
    mark(&out->stored_key, key, "stored key", name);
    mark(&out->server_key, key, "server key", name);
    memcpy(out->salt, salt.byte, sizeof(out->salt));
    out->iterations = PASSWORD_ITERATIONS;
}

/* The same work for every name: the made-up verifier first, then the kept one over it. */
bool admin_verifier_of_any(struct verifier *out, enum admin_role *role,
                           struct digest *name_mark, struct db *db, const char *name,
                           struct error *err)
{
    scoped(query_end) struct query row = {0};
    struct digest key;

    if (!names_key(&key, db, err))
        return false;
    *role = ADMIN_OBSERVER;
    verifier_of_nobody(out, &key, name);
    mark(name_mark, &key, "slowdown", name);
    mem_wipe(&key, sizeof(key));
    if (!query_begin(&row, db,
                     "SELECT salt, iterations, stored_key, server_key, role FROM admin"
                     " WHERE name = ?1",
                     err))
        return false;
    query_text(&row, 1, name);
    if (!query_next(&row, err))
        return err->msg == E_NONE;
    if (text_equal(query_get_text(&row, 4), admin_role_name(ADMIN_FULL)))
        *role = ADMIN_FULL;
    return verifier_read(out, &row, 0, err);
}

/* Who may only look has nothing to authorise with, like a name that nobody has. */
bool admin_verifier(struct verifier *out, struct digest *name_mark, struct db *db,
                    const char *name, struct error *err)
{
    struct verifier kept;
    enum admin_role role = ADMIN_OBSERVER;
    struct digest key;

    if (!admin_verifier_of_any(&kept, &role, name_mark, db, name, err) ||
        !names_key(&key, db, err))
        return false;
    verifier_of_nobody(out, &key, name);
    mem_wipe(&key, sizeof(key));
    if (role == ADMIN_FULL)
        *out = kept;
    return true;
}

static size_t place_of(const struct digest *name_mark)
{
    return name_mark->byte[0] % SLOW_PLACES;
}

unsigned slowdown_seconds(const struct slowdown *slow, const struct digest *name_mark,
                          int64_t now)
{
    const size_t i = place_of(name_mark);
    const unsigned failures = slow->place[i].failures;
    const int64_t quiet = now - slow->place[i].at;

    if (failures <= SLOW_FREE || quiet > SLOW_FORGET_SECONDS || quiet < 0)
        return 0;
    return failures - SLOW_FREE > 3 ? SLOW_SECONDS_MAX : 1U << (failures - SLOW_FREE - 1);
}

void slowdown_count(struct slowdown *slow, const struct digest *name_mark, int64_t now)
{
    const size_t i = place_of(name_mark);

    if (now - slow->place[i].at > SLOW_FORGET_SECONDS)
        slow->place[i].failures = 0;
    if (slow->place[i].failures < SLOW_FREE + 4)
        slow->place[i].failures++;
    slow->place[i].at = now;
}

void slowdown_forget(struct slowdown *slow, const struct digest *name_mark)
{
    slow->place[place_of(name_mark)].failures = 0;
}
