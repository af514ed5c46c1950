/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/move_command.h"

#include "agent/sandbox.h"
#include "agent/view_pair.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "transfer/disk.h"

#include <stdio.h>

static void tell_refusal(const struct call *call, const struct move *move)
{
    const struct credentials *own = move->worker->newest;
    struct ladder ladder = {0};
    const struct pair_view view = {
        .sides = {.source = identity_leaves(&own->identity),
                  .target = leaves_two(&move->peer, &move->peer_client)},
        .ladder = &ladder,
        .findings = &move->findings};

    ladder_lay(&ladder, view.sides.source.client, view.sides.target.server, SIDE_SOURCE,
               &own->trust);
    if (call->json)
        view_pair_json(stdout, &view);
    else
        view_pair_text(stdout, &view, call->columns);
}

/* Once commit has been asked for, only the target's answer decides. */
static bool may_give_up(struct move *move)
{
    struct handover now = {0};
    struct migration_facts facts = {0};
    struct error unknown = {0};

    return authority_migration(&move->worker->authority, move->plan.migration, &now, &facts,
                               &unknown) &&
           (now.state == SOURCE_SENDING || now.state == SOURCE_FROZEN);
}

/* What to type next, when it is not over. */
static void tell_next(struct move *move, bool is_abort)
{
    const char *migration = move->plan.migration;

    fprintf(stderr, "pairgate: %s with: pairgate %s %s\n", is_abort ? "try again" : "go on",
            is_abort ? "abort" : "resume", migration);
    if (is_abort && may_give_up(move))
        fprintf(stderr, "pairgate: or without the target: pairgate give-up %s\n",
                migration);
}

/* Tell how it ended: refused verdicts as the connection check does, findings as findings.
 */
static int conclude(const struct call *call, struct move *move, bool is_abort,
                    struct error *err)
{
    bool at_pairing = err->msg == E_PAIR_REFUSED;
    bool to_abort = is_abort && err->msg != E_HANDOVER_COMMITTED;

    if (err->side != SIDE_TARGET)
        disk_explain(err, move->state, call->state_dir);
    if (at_pairing) {
        *err = (struct error){0};
        tell_refusal(call, move);
    } else if (move->refused && !call->json) { /* by the listing of the tree */
        view_text_report(stderr, &move->findings);
    }
    if (move->plan.migration[0] != '\0' && !move->thawed && !call->json)
        tell_next(move, to_abort);
    return move->refused ? 1 : 2;
}

/* The way out is the peer's; what is written is below the migrations of this state. */
static bool close_in(const struct move *move, const struct state *state, struct error *err)
{
    struct sandbox_dialler what = {
        .peer = &move->plan.peer,
        .tree = move->plan.tree,
        .secret = move->consent != NULL ? move->consent->password.file : NULL,
        .work = -1};
    const bool good = fs_make_dir(&what.work, state->fd, MIGRATIONS_DIR, 0700, err) &&
                      sandbox_close_dialler(&what, err);

    fd_close(&what.work);
    return good;
}

int move_part(struct call *call, struct move *move, struct state *state,
              bool (*what)(struct move *, struct error *), struct error *err)
{
    scoped(worker_clear) struct worker worker = {0};
    struct migration_facts wish = {0};
    const struct duty duty = {
        .json = call->json, .migration = move->plan.migration, .wish = &wish};
    int status = 0;

    if (state->db.handle != NULL) /* the supervisor opens it again, after the fork */
        db_close(&state->db);
    (void)text_fits(wish.name, move->plan.name);
    (void)text_fits(wish.directory, move->plan.tree);
    text_printable(wish.peer, sizeof(wish.peer), span_text(move->plan.peer.host));
    if (!supervisor_part(&worker, state, &duty, err) || !close_in(move, state, err))
        return 2;
    move->worker = &worker;
    move->state = state->fd;
    move->events.json = call->json;
    if (!what(move, err))
        status = conclude(call, move, what == move_abort, err);
    move->worker = NULL;
    return status;
}
