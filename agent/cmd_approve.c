/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target's operator: who waits for an approval, yes or no, and what ends at once. */
#include "agent/audit_note.h"
#include "agent/command.h"
#include "agent/pairing_view.h"
#include "agent/revoke.h"
#include "base/text.h"
#include "certs/identity.h"
#include "pairing/approval.h"

#include <stdio.h>

/* Our own name as the source sees it. */
static bool own_name(char *out, size_t room, const struct state *state, struct error *err)
{
    scoped(identity_clear) struct identity self = {0};

    if (!identity_load(&self, state->fd, false, err))
        return false;
    text_printable(out, room, span_text(cert_issued_to(chain_leaf(&self.chain))));
    return true;
}

static int run_pairings(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(query_end) struct query row = {0};
    char self[PEER_NAME_MAX];

    if (!args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !own_name(self, sizeof(self), &state, err) ||
        !pairing_sweep(&state.db, call->now, err) || !pairing_list(&row, &state.db, err))
        return 2;
    while (query_next(&row, err)) {
        struct pairing pairing;

        if (!pairing_read(&pairing, &row, err))
            return 2;
        if (call->json)
            pairing_view_json(stdout, &pairing, self);
        else
            pairing_view_text(stdout, &pairing, self);
    }
    return 0;
}

static int decide(struct call *call, bool approve, struct error *err)
{
    scoped(state_close) struct state state = {0};
    struct pairing pairing = {0};
    char self[PEER_NAME_MAX];
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !own_name(self, sizeof(self), &state, err) ||
        !pairing_decide(&state.db, id, approve, call->now, err) ||
        !pairing_load(&pairing, &state.db, id, err))
        return 2;
    audit_note(&state, AUDIT_AUTHORIZATION, approve ? "approve" : "deny", pairing.peer,
               "pairing %s, code %s", id, pairing.view.code);
    if (call->json)
        pairing_view_json(stdout, &pairing, self);
    else
        pairing_view_text(stdout, &pairing, self);
    return 0;
}

static int run_approve(struct call *call, struct error *err)
{
    return decide(call, true, err);
}

static int run_deny(struct call *call, struct error *err)
{
    return decide(call, false, err);
}

static int run_revoke(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    char migration[MIGRATION_ID_MAX];
    const char *id = NULL;

    if (!args_need(&call->args, "ID", &id, err) || !args_end(&call->args, err))
        return 64;
    if (!state_open(&state, call->state_dir, err) || !state_open_db(&state, err) ||
        !revoke(migration, &state.db, id, call->now, err))
        return 2;
    audit_note(&state, AUDIT_GRANT, "revoke", migration[0] != '\0' ? migration : id,
               "by the operator: %s", id);
    if (call->json)
        printf("{\"revoked\":\"%s\"}\n", migration[0] != '\0' ? migration : id);
    else
        printf("revoked: %s\n", migration[0] != '\0' ? migration : id);
    return 0;
}

const struct command commands_approve[] = {
    {"pairings", "", "Target: the sources that wait for an approval, and their codes.",
     run_pairings},
    {"approve", "ID", "Target: both screens show the same code; let this source begin.",
     run_approve},
    {"deny", "ID", "Target: send a waiting source away.", run_deny},
    {"revoke", "ID", "Target: end a pairing, a grant or a migration at once.", run_revoke},
    {0},
};
