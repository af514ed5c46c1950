/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/move_command.h"

#include "agent/view_pair.h"
#include "agent/view_text.h"

#include <stdio.h>

/* Tell how it ended: refused verdicts as the connection check does, findings as findings.
 */
static int conclude(const struct call *call, struct move *move, bool good,
                    struct error *err)
{
    struct ladder ladder = {0};
    bool at_pairing = err->msg == E_PAIR_REFUSED;

    if (good)
        return 0;
    if (!move->refused) {
        if (move->plan.migration[0] != '\0' && !call->json)
            fprintf(stderr, "pairgate: go on with: pairgate resume %s\n",
                    move->plan.migration);
        return 2;
    }
    if (!at_pairing) { /* the listing of the tree: all its findings, the first is the error
                        */
        if (!call->json)
            view_text_report(stderr, &move->findings);
        return 1;
    }
    *err = (struct error){0};
    ladder_lay(&ladder, &move->worker->newest->identity.chain, &move->peer, SIDE_SOURCE,
               &move->worker->newest->trust);
    if (call->json)
        view_pair_json(stdout, &ladder, &move->findings, NULL, false);
    else
        view_pair_text(stdout, &ladder, &move->findings, NULL, false);
    return 1;
}

int move_part(struct call *call, struct move *move, struct state *state,
              bool (*what)(struct move *, struct error *), struct error *err)
{
    scoped(worker_clear) struct worker worker = {0};

    if (state->db.handle != NULL) /* the supervisor opens it again, after the fork */
        db_close(&state->db);
    if (!supervisor_part(&worker, state, false, err))
        return 2;
    move->worker = &worker;
    move->state = state->fd;
    move->events.json = call->json;
    return conclude(call, move, what(move, err), err);
}
