/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/migration_view.h"

#include "agent/hook_rows.h"
#include "agent/move.h"
#include "agent/office_hook.h"
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

/* What its row does not say. */
struct standing {
    enum hook owed;
    const char *owner; /* of the data, as far as this side can tell */
    bool is_target;
    bool is_open; /* it is not over */
    bool runs;    /* and some process goes on with it: at a target a listener */
    bool is_held; /* a takeover that was undone: only who has typed it goes on */
};

static bool standing_of(struct standing *out, const struct query *row, struct state *state,
                        struct error *err)
{
    const char *id = query_get_text(row, 0);
    const bool is_target = text_equal(query_get_text(row, 1), side_name(SIDE_TARGET));
    enum handover_state at = HANDOVER_STATES;

    (void)!handover_state_named(&at, query_get_text(row, 2), is_target);
    *out = (struct standing){
        .owner = handover_owner(at),
        .is_target = is_target,
        .is_open = at != HANDOVER_STATES && !handover_is_over(at),
        .is_held = at == TARGET_COMMITTING && query_get_int(row, 8) == TYPED_HELD,
    };
    out->runs = out->is_open &&
                (is_target ? office_hook_is_minded(state->fd) : plan_is_run(state->fd, id));
    return hook_rows_owed_to(&out->owed, &state->db, id, err);
}

static void print_text(FILE *out, const struct query *row, const struct standing *standing,
                       const char *changed)
{
    const char *id = query_get_text(row, 0);
    char name[512], peer[512], directory[8192];

    text_printable(directory, sizeof(directory), span_text(query_get_text(row, 4)));
    text_printable(name, sizeof(name), span_text(query_get_text(row, 3)));
    text_printable(peer, sizeof(peer), span_text(query_get_text(row, 5)));
    fprintf(out, "%s  %-6s  %-12s  owner %s, epoch %lld  %s  peer %s  since %s%s%s\n", id,
            query_get_text(row, 1), query_get_text(row, 2), standing->owner,
            (long long)query_get_int(row, 6), name, peer, changed,
            standing->owed != HOOK_NONE ? "  owed: " : "",
            standing->owed != HOOK_NONE ? hook_rule(standing->owed)->name : "");
    if (standing->is_held)
        fprintf(out,
                "  its takeover was undone: pairgate takeover %s, or pairgate abort %s\n",
                id, id);
    if (!standing->is_open || standing->runs)
        return;
    if (standing->is_target)
        fprintf(out, "  no listener is there for it: pairgate listen --into %s\n",
                directory);
    else
        fprintf(out, "  no process goes on with it: pairgate resume %s\n", id);
}

static void print_json(FILE *out, const struct query *row, const struct standing *standing,
                       const char *changed)
{
    static const char *const fields[] = {"id",   "side",      "state",
                                         "name", "directory", "peer"};
    json_t *object = json_object();

    for (size_t i = 0; i < COUNT(fields); i++) {
        char safe[8192];

        text_printable(safe, sizeof(safe), span_text(query_get_text(row, (int)i)));
        json_put_text(object, fields[i], safe);
    }
    json_put_text(object, "owner", standing->owner);
    json_put_int(object, "epoch", query_get_int(row, 6));
    json_put_text(object, "changed", changed);
    if (standing->owed != HOOK_NONE)
        json_put_text(object, "owed", hook_rule(standing->owed)->name);
    if (standing->is_open)
        json_object_set_new(object, "running", json_boolean(standing->runs));
    if (standing->is_held)
        json_object_set_new(object, "held", json_true());
    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}

bool migration_list(FILE *out, struct state *state, const char *id, bool json,
                    struct error *err)
{
    scoped(query_end) struct query row = {0};
    size_t n = 0;

    if (!query_begin(&row, &state->db,
                     "SELECT id, side, state, name, directory, peer, epoch, changed,"
                     " typed FROM migration WHERE ?1 = '' OR id = ?1 ORDER BY created",
                     err))
        return false;
    query_text(&row, 1, id != NULL ? id : "");
    while (query_next(&row, err)) {
        struct standing standing;
        char changed[TIME_TEXT_MAX];

        if (!standing_of(&standing, &row, state, err))
            return false;
        text_show_time(changed, (time_t)query_get_int(&row, 7));
        (json ? print_json : print_text)(out, &row, &standing, changed);
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
