/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain show, undo: the chain in use, and the way back to the one before it. */
#include "agent/audit_note.h"
#include "agent/certs_json.h"
#include "agent/chain_commands.h"
#include "agent/narrow.h"
#include "agent/view_text.h"
#include "certs/trust.h"

#include <stdio.h>

static void print_columns(const struct cert *cert)
{
    printf("%-40s %s\n", cert_issued_to(cert), cert_issued_by(cert));
}

/* O-13: the ladder as the two columns of the document. */
static void print_two_columns(const struct leaves *leaves, unsigned columns)
{
    const struct chain *chain = leaves->server;

    if (narrow_is(columns)) {
        view_text_rungs(stdout, leaves, true, columns);
        return;
    }
    printf("%-40s %s\n", "Issued To", "Issued By");
    if (leaves_are_split(leaves))
        print_columns(chain_leaf(leaves->client));
    for (size_t i = 0; i < chain->n; i++)
        print_columns(&chain->cert[i]);
}

static void print_digest(size_t rung, const struct cert *cert)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, &cert->sha256);
    printf("Rung %zu  SHA-256 %s\n", rung, hex);
}

static void print_chain(const struct identity *identity, unsigned columns)
{
    const struct leaves leaves = identity_leaves(identity);

    printf("Identity %u (%s)\n\n", identity->number,
           identity_origin_name(identity->origin));
    if (narrow_is(columns)) {
        view_text_rungs(stdout, &leaves, false, columns);
        return;
    }
    view_text_leaves(stdout, &leaves);
    printf("\n");
    for (size_t i = 0; i < identity->chain.n; i++) {
        print_digest(i, &identity->chain.cert[i]);
        if (i == 0 && identity_is_split(identity))
            print_digest(0, chain_leaf(leaves.client));
    }
}

int chain_run_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity identity = {0};
    struct leaves leaves;
    const bool ladder = args_flag(&call->args, "--ladder");

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !identity_load(&identity, state.fd, false, err))
        return 0;
    leaves = identity_leaves(&identity);
    if (call->json)
        certs_json_identity(stdout, &identity, NULL);
    else if (ladder)
        print_two_columns(&leaves, call->columns);
    else
        print_chain(&identity, call->columns);
    return 0;
}

/* The root that `left` had brought is trusted for no other reason. */
static bool anchor_is_gone(const struct identity *left, int state)
{
    scoped(trust_clear) struct trust trust = {0};
    struct error unread = {0};

    return left->origin == IDENTITY_CHAIN && trust_load(&trust, state, &unread) &&
           trust_find(&trust, &chain_root(&left->chain)->sha256) == NULL;
}

static void print_undone(const struct identity *identity, const struct identity *left,
                         int state)
{
    printf("Back to identity %u (%s): %s.\n", identity->number,
           identity_origin_name(identity->origin),
           cert_issued_to(chain_leaf(&identity->chain)));
    if (anchor_is_gone(left, state))
        printf("The anchor that the chain had brought went with it: %s.\n",
               cert_issued_to(chain_root(&left->chain)));
}

static bool undo(struct state *state, struct call *call, struct change_wish *wish,
                 struct identity *left, struct error *err)
{
    struct identity_change change = {.reason = "chain undo", .now = call->now};
    struct error damaged = {0}; /* going back is also the way out of a damaged one */

    if (!changes_read(wish, call, err) || !args_end(&call->args, err) ||
        !state_open(state, call->state_dir, err) || !state_lock(state, err) ||
        !changes_prepare(wish, state, err))
        return false;
    if (!identity_load(left, state->fd, false, &damaged))
        left->origin = IDENTITY_SELF_SIGNED;
    change.deadline = wish->deadline;
    if (!identity_return(state->fd, 0, &change, err))
        return false;
    audit_note_identity(state, "undo");
    return true;
}

int chain_run_undo(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(identity_clear) struct identity left = {0};
    scoped(identity_clear) struct identity identity = {0};
    struct change_wish wish = {0};
    scoped(changes_clear) struct change_facts facts = {0};

    if (!undo(&state, call, &wish, &left, err) ||
        !identity_load(&identity, state.fd, false, err) ||
        !changes_facts(&facts, &wish, &state, &identity, err))
        return 0;
    if (call->json)
        certs_json_identity(stdout, &identity, &facts);
    else
        print_undone(&identity, &left, state.fd);
    return changes_finish(&facts, &wish, &state, call->json, err) ? 0 : 2;
}
