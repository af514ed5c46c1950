/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain show, undo: the chain in use, and the way back to the one before it. */
#include "agent/audit_note.h"
#include "agent/certs_json.h"
#include "agent/chain_commands.h"
#include "agent/narrow.h"
#include "agent/view_text.h"
#include "certs/trust.h"

#include <stdio.h>

static void print_columns(FILE *out, const struct cert *cert)
{
    fprintf(out, "%-40s %s\n", cert_issued_to(cert), cert_issued_by(cert));
}

/* O-13: the ladder as the two columns of the document. */
static void print_two_columns(FILE *out, const void *what)
{
    const struct leaves *leaves = what;
    const struct chain *chain = leaves->server;

    fprintf(out, "%-40s %s\n", "Issued To", "Issued By");
    if (leaves_are_split(leaves))
        print_columns(out, chain_leaf(leaves->client));
    for (size_t i = 0; i < chain->n; i++)
        print_columns(out, &chain->cert[i]);
}

static void print_digest(FILE *out, size_t rung, const struct cert *cert)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, &cert->sha256);
    fprintf(out, "Rung %zu  SHA-256 %s\n", rung, hex);
}

static void print_table(FILE *out, const void *what)
{
    const struct leaves *leaves = what;
    const struct chain *chain = leaves->server;

    view_text_leaves(out, leaves);
    fprintf(out, "\n");
    for (size_t i = 0; i < chain->n; i++) {
        print_digest(out, i, &chain->cert[i]);
        if (i == 0 && leaves_are_split(leaves))
            print_digest(out, 0, chain_leaf(leaves->client));
    }
}

/* How wide they are depends on the names: what does not fit stands rung below rung. */
static void print_ladder(const struct leaves *leaves, bool names_alone, unsigned columns)
{
    void (*const print)(FILE * out, const void *what) =
        names_alone ? print_two_columns : print_table;

    if (narrow_exceeds(print, leaves, columns))
        view_text_rungs(stdout, leaves, names_alone, columns);
    else
        print(stdout, leaves);
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
    if (call->json) {
        certs_json_identity(stdout, &identity, NULL);
        return 0;
    }
    if (!ladder)
        printf("Identity %u (%s)\n\n", identity.number,
               identity_origin_name(identity.origin));
    print_ladder(&leaves, ladder, call->columns);
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
