/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/migration_view.h"

#include "agent/hook_rows.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>

bool migration_id_is_plain(const char *id, struct error *err)
{
    bool plain = text_starts(id, "m-") && id[2] != '\0';

    for (const char *c = id + (plain ? 2 : 0); plain && *c != '\0'; c++)
        plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
    return plain || fail(err, E_MIGRATION_UNKNOWN, "'%s' is no migration's id", id);
}

/* Who owns the data, as far as this side's row can tell. */
static const char *owner_of(const struct query *row)
{
    enum handover_state state = HANDOVER_STATES;

    (void)!handover_state_named(&state, query_get_text(row, 2),
                                text_equal(query_get_text(row, 1), side_name(SIDE_TARGET)));
    return handover_owner(state);
}

static void print_migration(FILE *out, const struct query *row, enum hook owed, bool json)
{
    static const char *const fields[] = {"id",   "side",      "state",
                                         "name", "directory", "peer"};
    char changed[TIME_TEXT_MAX];
    json_t *object;

    text_show_time(changed, (time_t)query_get_int(row, 7));
    if (!json) {
        char name[512], peer[512];

        text_printable(name, sizeof(name), span_text(query_get_text(row, 3)));
        text_printable(peer, sizeof(peer), span_text(query_get_text(row, 5)));
        fprintf(out, "%s  %-6s  %-12s  owner %s, epoch %lld  %s  peer %s  since %s%s%s\n",
                query_get_text(row, 0), query_get_text(row, 1), query_get_text(row, 2),
                owner_of(row), (long long)query_get_int(row, 6), name, peer, changed,
                owed != HOOK_NONE ? "  owed: " : "",
                owed != HOOK_NONE ? hook_rule(owed)->name : "");
        return;
    }
    object = json_object();
    for (size_t i = 0; i < COUNT(fields); i++) {
        char safe[8192];

        text_printable(safe, sizeof(safe), span_text(query_get_text(row, (int)i)));
        json_put_text(object, fields[i], safe);
    }
    json_put_text(object, "owner", owner_of(row));
    json_put_int(object, "epoch", query_get_int(row, 6));
    json_put_text(object, "changed", changed);
    if (owed != HOOK_NONE)
        json_put_text(object, "owed", hook_rule(owed)->name);
    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}

bool migration_list(FILE *out, struct db *db, const char *id, bool json, struct error *err)
{
    scoped(query_end) struct query row = {0};
    size_t n = 0;

    if (!query_begin(&row, db,
                     "SELECT id, side, state, name, directory, peer, epoch, changed"
                     " FROM migration WHERE ?1 = '' OR id = ?1 ORDER BY created",
                     err))
        return false;
    query_text(&row, 1, id != NULL ? id : "");
    while (query_next(&row, err)) {
        enum hook owed = HOOK_NONE;

        if (!hook_rows_owed_to(&owed, db, query_get_text(&row, 0), err))
            return false;
        print_migration(out, &row, owed, json);
        n++;
    }
    if (err->msg != E_NONE)
        return false;
    if (id != NULL && n == 0)
        return fail(err, E_MIGRATION_UNKNOWN, "%s", id);
    if (n == 0 && !json)
        fputs("No migrations.\n", out);
    return true;
}
