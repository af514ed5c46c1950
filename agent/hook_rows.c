/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hook_rows.h"

#include "base/text.h"

#include <string.h>

static const char *const outcomes[] = {
    [HOOK_BEGUN] = "begun", [HOOK_DONE] = "done", [HOOK_FAILED] = "failed"};

static bool drop(struct db *db, const char *migration, enum hook hook, struct error *err)
{
    scoped(query_end) struct query query = {0};

    if (hook == HOOK_NONE)
        return true;
    if (!query_begin(&query, db, "DELETE FROM hook WHERE migration = ?1 AND name = ?2",
                     err))
        return false;
    query_text(&query, 1, migration);
    query_text(&query, 2, hook_rule(hook)->name);
    return query_run(&query, NULL, err);
}

static enum hook undone_by(enum hook hook)
{
    for (enum hook other = HOOK_NONE + 1; other < HOOKS; other++)
        if (hook_rule(other)->undoes == hook)
            return other;
    return HOOK_NONE;
}

static bool put(struct db *db, const char *migration, enum hook hook,
                enum hook_outcome outcome, int64_t now, struct error *err)
{
    scoped(query_end) struct query query = {0};

    if (!query_begin(&query, db,
                     "INSERT INTO hook (migration, name, outcome, at) VALUES (?1, ?2, ?3,"
                     " ?4) ON CONFLICT (migration, name) DO UPDATE SET"
                     " outcome = excluded.outcome, at = excluded.at",
                     err))
        return false;
    query_text(&query, 1, migration);
    query_text(&query, 2, hook_rule(hook)->name);
    query_text(&query, 3, outcomes[outcome]);
    query_int(&query, 4, now);
    return query_run(&query, NULL, err);
}

/* What is being undone does not stand any more, however far that comes. */
static bool reopen(struct db *db, const char *migration, enum hook hook, int64_t now,
                   struct error *err)
{
    bool done = false;

    return hook == HOOK_NONE || (hook_rows_is_done(&done, db, migration, hook, err) &&
                                 (!done || put(db, migration, hook, HOOK_BEGUN, now, err)));
}

bool hook_rows_set(struct db *db, const char *migration, enum hook hook,
                   enum hook_outcome outcome, int64_t now, struct error *err)
{
    scoped(db_rollback) struct db_change change = {0};

    if (migration[0] == '\0') /* it is asked before there is a migration, each time */
        return true;
    return db_begin(&change, db, err) && put(db, migration, hook, outcome, now, err) &&
           (outcome != HOOK_BEGUN ||
            (drop(db, migration, undone_by(hook), err) &&
             reopen(db, migration, hook_rule(hook)->undoes, now, err))) &&
           (outcome != HOOK_DONE || drop(db, migration, hook_rule(hook)->undoes, err)) &&
           db_commit(&change, err);
}

bool hook_rows_is_done(bool *out, struct db *db, const char *migration, enum hook hook,
                       struct error *err)
{
    scoped(query_end) struct query query = {0};
    struct error trouble = {0};

    if (!query_begin(&query, db,
                     "SELECT 1 FROM hook WHERE migration = ?1 AND name = ?2 AND outcome ="
                     " 'done'",
                     err))
        return false;
    query_text(&query, 1, migration);
    query_text(&query, 2, hook_rule(hook)->name);
    *out = query_next(&query, &trouble);
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

bool hook_rows_is_begun(bool *out, struct db *db, const char *migration, enum hook hook,
                        struct error *err)
{
    scoped(query_end) struct query query = {0};
    struct error trouble = {0};

    if (!query_begin(&query, db,
                     "SELECT 1 FROM hook WHERE migration = ?1 AND name = ?2 AND outcome ="
                     " 'begun' AND NOT EXISTS (SELECT 1 FROM hook WHERE migration = ?1 AND"
                     " name = ?3)",
                     err))
        return false;
    query_text(&query, 1, migration);
    query_text(&query, 2, hook_rule(hook)->name);
    query_text(&query, 3, hook_rule(undone_by(hook))->name);
    *out = query_next(&query, &trouble);
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

/* One that undoes another is owed where the other's row is; the rest until it is done.
 * `only` is a migration's id, or empty for every one behind `after`. */
static bool owed_in(char out[HANDOVER_ID_MAX], bool *found, struct db *db, enum hook hook,
                    const char *only, const char *after, enum handover_state state,
                    struct error *err)
{
    scoped(query_end) struct query query = {0};
    const struct hook_rule *rule = hook_rule(hook);
    struct error trouble = {0};

    if (!query_begin(&query, db,
                     "SELECT id FROM migration WHERE side = ?1 AND state = ?2 AND id > ?3"
                     " AND (?6 = '' OR id = ?6)"
                     " AND (?4 IS NULL OR EXISTS (SELECT 1 FROM hook WHERE migration = id"
                     " AND hook.name = ?4)) AND NOT EXISTS (SELECT 1 FROM hook WHERE"
                     " migration = id AND hook.name = ?5 AND outcome = 'done')"
                     " ORDER BY id LIMIT 1",
                     err))
        return false;
    query_text(&query, 1, side_name(rule->is_target ? SIDE_TARGET : SIDE_SOURCE));
    query_text(&query, 2, handover_state_name(state));
    query_text(&query, 3, after);
    if (rule->undoes != HOOK_NONE)
        query_text(&query, 4, hook_rule(rule->undoes)->name);
    query_text(&query, 5, rule->name);
    query_text(&query, 6, only);
    *found = query_next(&query, &trouble);
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE &&
           (!*found || text_copy(out, HANDOVER_ID_MAX, query_get_text(&query, 0)));
}

/* The first in any of the hook's states. */
static bool first_owed(char out[HANDOVER_ID_MAX], bool *found, struct db *db,
                       enum hook hook, const char *only, const char *after,
                       struct error *err)
{
    const unsigned states = hook_rule(hook)->owed;
    char first[HANDOVER_ID_MAX] = "", one[HANDOVER_ID_MAX];
    bool here = false;

    for (enum handover_state state = 0; state < HANDOVER_STATES; state++) {
        if ((states & (1U << state)) == 0)
            continue;
        if (!owed_in(one, &here, db, hook, only, after, state, err))
            return false;
        if (here && (first[0] == '\0' || strcmp(one, first) < 0))
            (void)text_fits(first, one);
    }
    *found = first[0] != '\0';
    return text_copy(out, HANDOVER_ID_MAX, first);
}

bool hook_rows_owed(char out[HANDOVER_ID_MAX], bool *found, struct db *db, enum hook hook,
                    const char *after, struct error *err)
{
    return first_owed(out, found, db, hook, "", after, err);
}

bool hook_rows_owed_to(enum hook *out, struct db *db, const char *migration,
                       struct error *err)
{
    char id[HANDOVER_ID_MAX];
    bool found = false;

    for (*out = HOOK_NONE + 1; *out < HOOKS; ++*out) {
        if (!first_owed(id, &found, db, *out, migration, "", err))
            return false;
        if (found)
            return true;
    }
    *out = HOOK_NONE;
    return true;
}
