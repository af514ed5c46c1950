/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/move.h"

#include "agent/clock.h"
#include "agent/left_behind.h"
#include "agent/listing.h"
#include "agent/move_parts.h"
#include "base/fs.h"
#include "base/text.h"
#include "transfer/receipt.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RENEW_SECONDS 3600 /* no target has us pair again for less */

static void run_begin(struct run *run)
{
    const struct move *move = run->move;

    atomic_store(&run->clock, clock_now());
    errand_begin(&run->errand, &move->events, &run->clock, move->plan.patience * 1000);
}

static void run_close(struct run *run)
{
    const enum handover_state state = run->handover.state;
    struct error left_to_prune = {0};

    run->move->thawed = state == SOURCE_THAWED;
    if (handover_is_over(state))
        (void)!listing_drop(run->move->state, run->move->plan.migration, &left_to_prune);
    send_close(&run->send);
    put_close(&run->line);
    if (run->paced)
        pace_end(&run->pace);
    errand_end(&run->errand);
    fd_close(&run->work);
    fd_close(&run->root);
}

void move_clear(struct move *move)
{
    report_clear(&move->findings);
    chain_clear(&move->peer);
    chain_clear(&move->peer_client);
}

bool run_claim(struct run *run, struct error *err)
{
    return run->work >= 0 ||
           plan_lock_work(&run->work, run->move->state, run->move->plan.migration, err);
}

void run_route(struct run *run)
{
    struct move *move = run->move;

    atomic_store(&run->clock, clock_now()); /* listing and waiting may have taken long */
    run->send.route = (struct route){.peer = &move->plan.peer,
                                     .self = &move->worker->newest->identity,
                                     .trust = &move->worker->newest->trust,
                                     .clock = &run->clock,
                                     .stop = &run->errand.stop};
    run->send.line = &run->line;
    run->send.contact = errand_contact(&run->errand);
    snprintf(run->send.base, sizeof(run->send.base), "/pairgate/v1/migrations/%s",
             move->plan.migration);
}

bool run_act(struct run *run, const struct handover_act *act, struct error *err)
{
    const enum handover_state before = run->handover.state;

    atomic_store(&run->clock, clock_now());
    if (!authority_move(&run->move->worker->authority, run->move->plan.migration, act,
                        &run->handover, err))
        return false;
    if (run->handover.state != before)
        event_state(&run->move->events, run->handover.state);
    return true;
}

bool run_step(struct run *run, enum handover_event event,
              const struct handover_terms *terms, const struct signed_text *statement,
              struct error *err)
{
    const struct handover_act act = {
        .event = event, .terms = terms, .statement = statement};

    return run_act(run, &act, err);
}

bool run_hook(struct run *run, enum hook hook, struct error *err)
{
    return authority_hook(&run->move->worker->authority, run->move->plan.migration, hook,
                          -1, NULL, err);
}

static bool terms_make(struct run *run, struct handover_terms *out, struct error *err)
{
    *out = (struct handover_terms){.generation = run->handover.generation,
                                   .epoch = run->handover.epoch,
                                   .manifest_root = run->send.manifest.sum.root};
    return send_contents_root(&run->send, &out->contents_root, err);
}

/* When the target disagrees, our own notes may be at fault: what a crash has cut short is
 * read again, once. */
static bool seal(struct run *run, struct handover_terms *terms, struct error *err)
{
    struct error why = {0};

    if (!terms_make(run, terms, err))
        return false;
    if (send_seal(&run->grant, &run->send, terms, &why))
        return true;
    if (why.msg != E_ROOTS_DIFFER) {
        *err = why;
        return false;
    }
    return send_forget_digests(&run->send, err) && terms_make(run, terms, err) &&
           send_seal(&run->grant, &run->send, terms, err);
}

/* The terms are on disk before commit is asked for, and the same ever after. */
static bool ask_first(struct run *run, struct error *err)
{
    struct handover_terms terms = {0};

    return seal(run, &terms, err) && run_step(run, WILL_ASK, &terms, NULL, err);
}

/* Refused, by the target or by us because something has expired: it has perhaps ended it
 * all the same. Only its signed word thaws us, and its receipt is what we asked for. */
static bool is_decided(struct run *run, const struct error *why)
{
    bool decided = false;
    struct error unheard = {0};

    return why->msg != E_PUT_UNREACHABLE && why->msg != E_PUT_BROKEN &&
           why->msg != E_STOPPED && outcome_hear(run, &decided, &unheard) && decided &&
           run->handover.state == SOURCE_HANDED_OVER;
}

static bool commit(struct run *run, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    struct error why = {0};

    if (run->handover.state == SOURCE_FROZEN && !ask_first(run, err))
        return false;
    if (send_commit(&run->grant, &run->send, &run->handover.terms, &text, &why))
        return outcome_take(run, SIGNED_RECEIPT, &text, &run->move->peer, err);
    if (is_decided(run, &why))
        return true;
    *err = why;
    return false;
}

/* Nothing was stored there: what is left of the migration goes, and all stays as it was. */
static bool take_back(struct run *run, struct error *err)
{
    scoped(signed_text_clear) struct signed_text statement = signed_text_none();

    return send_abort(&run->grant, &run->send, &statement, err) &&
           outcome_take(run, SIGNED_ABORT, &statement, &run->move->peer, err);
}

/* A target that stores cannot be measured later either: nothing of it stays open. */
static bool measure(struct run *run, struct error *err)
{
    struct error why = {0};

    if (move_nowhere(run, err))
        return take_back(run, err);
    if (err->msg == E_STORES)
        (void)!take_back(run, &why);
    return false;
}

static bool hand_over(struct run *run, struct error *err)
{
    const bool in_doubt = run->handover.state == SOURCE_COMMIT_ASKED;

    if (run->move->plan.nowhere)
        return measure(run, err);
    if (in_doubt)
        run_route(run);
    else if (!move_tree(run, err))
        return false;
    return commit(run, err) && outcome_countersign(run, err);
}

/* A grant is for a day, a migration takes what it takes: a new one as a new run would get
 * it, without one being asked for. */
static bool carry_on(void *at, struct error *err)
{
    struct run *run = at;
    const struct move *move = run->move;

    left_behind_tell(&move->findings, &move->events, &move->worker->authority,
                     move->plan.migration);
    for (;;) {
        const time_t granted = clock_now();
        struct error why = {0};

        if (hand_over(run, &why))
            return true;
        if (why.msg != E_GRANT_EXPIRED || clock_now() - granted < RENEW_SECONDS ||
            !move_pair(run, &why)) {
            *err = why;
            return false;
        }
    }
}

/* Findings of the listing refuse before anything is said to the target. */
static bool list_first(struct move *move, struct error *err)
{
    struct move_plan *plan = &move->plan;
    enum digest_kind kind = policy_digest(plan->policy);
    bool good;

    if (plan->migration[0] != '\0') {
        listing_recall(move->state, plan, kind, &plan->demands.duration);
        return true;
    }
    good = listing_make(move->state, plan, kind, &move->findings, &plan->demands.duration,
                        err);
    if (!good || report_errors(&move->findings) == 0)
        return good;
    move->refused = true;
    *err = *report_first_error(&move->findings);
    return false;
}

/* Of one that was begun before: ask first what it came to. */
static bool hear_first(struct run *run, bool *decided, struct error *err)
{
    if (run->move->plan.migration[0] == '\0')
        return true;
    if (!run_claim(run, err) || !outcome_hear(run, decided, err))
        return false;
    if (run->handover.state == SOURCE_HANDED_OVER)
        return outcome_countersign(run, err);
    return run->handover.state != SOURCE_THAWED ||
           fail(err, E_HANDOVER_ABORTED, "%s", run->move->plan.migration);
}

/* May it be moved now? Asked before anything new is said. */
static bool preflight(struct run *run, struct error *err)
{
    const bool begins = run->move->plan.migration[0] == '\0';

    return (!begins && run->handover.state != SOURCE_SENDING) ||
           run_hook(run, HOOK_SOURCE_PREFLIGHT, err);
}

bool move_run(struct move *move, struct error *err)
{
    scoped(run_close) struct run run = {.move = move, .work = -1, .root = -1};
    bool decided = false, good;

    run_begin(&run);
    good =
        hear_first(&run, &decided, err) &&
        (decided || (preflight(&run, err) && list_first(move, err) &&
                     move_pair(&run, err) && errand_run(&run.errand, carry_on, &run, err)));
    listing_sweep(move->state);
    return good;
}

bool move_by_file(struct move *move, struct error *err)
{
    scoped(run_close) struct run run = {.move = move, .work = -1, .root = -1};

    run_begin(&run);
    return outcome_by_file(&run, err);
}

bool move_abort(struct move *move, struct error *err)
{
    scoped(run_close) struct run run = {.move = move, .work = -1, .root = -1};
    const char *id = move->plan.migration;
    struct error taken = {0};
    enum handover_state before;
    bool decided = false;

    run_begin(&run);
    (void)!run_claim(&run, &taken); /* for `status`; what it is to end may have it */
    if (!authority_migration(&move->worker->authority, id, &run.handover, &run.facts, err))
        return false;
    before = run.handover.state;
    if (!outcome_hear(&run, &decided, err))
        return false;
    if (!decided)
        return take_back(&run, err);
    if (run.handover.state != SOURCE_THAWED)
        return fail(err, E_HANDOVER_COMMITTED, "%s", id);
    if (before == SOURCE_THAWED) /* else it has been told just now */
        event_state(&move->events, before);
    return true;
}
