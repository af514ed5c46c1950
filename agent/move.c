/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/move.h"

#include "agent/clock.h"
#include "agent/left_behind.h"
#include "agent/listing.h"
#include "agent/migration_view.h"
#include "agent/move_parts.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "transfer/receipt.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REDIAL_SECONDS 2

static void run_begin(struct run *run)
{
    const struct move *move = run->move;

    atomic_store(&run->clock, clock_now());
    errand_begin(&run->errand, &move->events, &run->clock, move->plan.patience * 1000);
}

static void run_close(struct run *run)
{
    const enum handover_state state = run->handover.state;

    if (state == SOURCE_HANDED_OVER || state == SOURCE_THAWED)
        listing_drop(run->move->state, run->move->plan.migration);
    send_close(&run->send);
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

static bool adopt(struct run *run, struct error *err)
{
    struct authority_answer answer = {0};
    struct authority_ask ask;
    struct move_plan *plan = &run->move->plan;

    memset(&ask, 0, sizeof(ask));
    ask.op = AUTHORITY_ADOPT;
    ask.now = clock_now();
    ask.grant = run->grant;
    ask.facts.kind = run->facts.kind;
    if (!text_fits(ask.facts.name, plan->name) ||
        !text_fits(ask.facts.directory, plan->tree) ||
        !text_fits(plan->migration, run->grant.migration))
        return fail(err, E_NAME_BAD, "%s", plan->name);
    /* The row comes last: what has one can be resumed. */
    if (!migration_id_is_plain(plan->migration, err) ||
        !listing_adopt(run->move->state, plan->migration, err) ||
        !plan_open_work(&run->work, run->move->state, plan->migration, err) ||
        !plan_save(plan, run->work, err) ||
        !authority_do(&run->move->worker->authority, &ask, (struct span){0},
                      (struct span){0}, &answer, NULL, NULL, err))
        return false;
    run->handover = answer.handover;
    run->facts = answer.facts;
    return true;
}

/* Authorised by the grant of before if that will do, else by consent. */
static bool authorize(struct dial *dial, struct run *run, struct error *err)
{
    const struct move *move = run->move;
    const struct dial_request request = {.name = move->plan.name,
                                         .migration = move->plan.migration};
    const bool may_ask = move->consent != NULL && move->consent->kind != CONSENT_NONE;
    struct error first = {0};

    if (request.migration[0] != '\0') {
        if (dial_authorize_again(dial, &request, &run->grant, &first))
            return true;
        if ((first.msg != E_GRANT_UNKNOWN && first.msg != E_GRANT_REVOKED) || !may_ask) {
            *err = first;
            return false;
        }
    }
    if (!may_ask)
        return fail(err, E_GRANT_UNKNOWN, "no code was given");
    return consent_get(move->consent, dial, &request, &move->events, &run->grant, err);
}

static bool pair_and_authorize(struct run *run, struct error *err)
{
    scoped(dial_close) struct dial dial = {0};
    struct move *move = run->move;
    const struct move_plan *plan = &move->plan;
    scoped(report_clear) struct report found = {0};
    const struct dial_wish wish = {
        .peer_name = plan->peer_name, .policy = plan->policy, .demands = plan->demands};
    bool held;

    held = dial_pair(&dial, move->worker, &plan->peer, &wish, err);
    dial_witness(&dial, move->worker, err);
    if (!held)
        return false;
    pair_findings(&dial.pair, &found);
    verdict_merge(&move->findings, &found);
    chain_clear(&move->peer);
    chain_clear(&move->peer_client);
    if (!chain_copy(&move->peer, &dial.tls.facts.peer, err) ||
        !chain_copy(&move->peer_client, &dial.pair.peer_other, err))
        return false;
    if (dial.pair.phase != PAIR_AGREED) {
        move->refused = true;
        return fail(err, E_PAIR_REFUSED, "%zu findings", report_errors(&move->findings));
    }
    run->agreed = true;
    event_paired(&move->events, dial.host, cert_issued_to(chain_leaf(&move->peer)));
    event_warned(&move->events, &found);
    run->facts.kind =
        policy_digest(plan->policy) == DIGEST_SHA256 || dial.pair.peer_policy == POLICY_FIPS
            ? DIGEST_SHA256
            : DIGEST_BLAKE3;
    if (!authorize(&dial, run, err))
        return false;
    event_granted(&move->events, &run->grant);
    if (!adopt(run, err))
        return false;
    left_behind_tell(&move->findings, &move->events, &move->worker->authority,
                     plan->migration);
    return true;
}

static bool connection_was_lost(const struct error *why)
{
    return why->msg == E_DIAL || why->msg == E_TLS_BROKEN || why->msg == E_TLS_SILENT;
}

/*
 * A source that waits for an approval has nothing to lose with its connection: it dials
 * again, for as long as the network is borne, and the code is another one then.
 */
static bool pair_patiently(struct run *run, struct error *err)
{
    const struct move *move = run->move;
    const bool waits = move->consent != NULL && move->consent->kind == CONSENT_WAIT;
    const int64_t patience_ms = move->plan.patience * 1000;
    int64_t lost_ms = 0;

    for (;;) {
        struct error why = {0};

        run->agreed = false;
        if (pair_and_authorize(run, &why))
            return true;
        if (run->agreed)
            lost_ms = clock_steady_ms();
        if (!waits || lost_ms == 0 || !connection_was_lost(&why) ||
            clock_steady_ms() - lost_ms >= patience_ms) {
            *err = why;
            return false;
        }
        if (run->agreed)
            event_trouble(&move->events, &why, clock_now() + move->plan.patience);
        sleep(REDIAL_SECONDS);
    }
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
    run->send.contact = errand_contact(&run->errand);
    snprintf(run->send.base, sizeof(run->send.base), "/pairgate/v1/migrations/%s",
             move->plan.migration);
}

bool run_step(struct run *run, enum handover_event event,
              const struct handover_terms *terms, const struct signed_text *statement,
              struct error *err)
{
    const struct handover_act act = {
        .event = event, .terms = terms, .statement = statement, .now = clock_now()};

    const enum handover_state before = run->handover.state;

    atomic_store(&run->clock, clock_now());
    if (!authority_move(&run->move->worker->authority, run->move->plan.migration, &act,
                        &run->handover, err))
        return false;
    if (run->handover.state != before)
        event_state(&run->move->events, handover_state_name(run->handover.state));
    return true;
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

/* A target that refused has perhaps ended it: only its signed word thaws us. */
static void hear_refused(struct run *run, const struct error *why)
{
    bool decided = false;
    struct error unheard = {0};

    if (why->msg != E_PUT_UNREACHABLE && why->msg != E_PUT_BROKEN && why->msg != E_STOPPED)
        (void)!outcome_hear(run, &decided, &unheard);
}

static bool commit(struct run *run, struct error *err)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();

    if (run->handover.state == SOURCE_FROZEN && !ask_first(run, err))
        return false;
    if (send_commit(&run->grant, &run->send, &run->handover.terms, &text, err))
        return outcome_take(run, SIGNED_RECEIPT, &text, &run->move->peer, err);
    hear_refused(run, err);
    return false;
}

/* Nothing was stored there: what is left of the migration goes, and all stays as it was. */
static bool take_back(struct run *run, struct error *err)
{
    scoped(signed_text_clear) struct signed_text statement = signed_text_none();

    return send_abort(&run->grant, &run->send, &statement, err) &&
           outcome_take(run, SIGNED_ABORT, &statement, &run->move->peer, err);
}

static bool hand_over(void *at, struct error *err)
{
    struct run *run = at;
    const bool in_doubt = run->handover.state == SOURCE_COMMIT_ASKED;

    if (run->move->plan.nowhere)
        return move_nowhere(run, err) && take_back(run, err);
    if (in_doubt)
        run_route(run);
    else if (!move_tree(run, err))
        return false;
    return commit(run, err) && outcome_countersign(run, err);
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
    for (size_t i = move->findings.n; i-- > 0;)
        if (move->findings.item[i].severity == SEVERITY_ERROR)
            *err = move->findings.item[i];
    return false;
}

/* Of one that was begun before: ask first what it came to. */
static bool hear_first(struct run *run, bool *decided, struct error *err)
{
    if (run->move->plan.migration[0] == '\0')
        return true;
    if (!outcome_hear(run, decided, err))
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
    good = hear_first(&run, &decided, err) &&
           (decided ||
            (preflight(&run, err) && list_first(move, err) && pair_patiently(&run, err) &&
             errand_run(&run.errand, hand_over, &run, err)));
    listing_sweep(move->state);
    return good;
}

bool move_abort(struct move *move, struct error *err)
{
    scoped(run_close) struct run run = {.move = move, .work = -1, .root = -1};
    bool decided = false;

    run_begin(&run);
    if (!outcome_hear(&run, &decided, err))
        return false;
    if (decided)
        return run.handover.state == SOURCE_THAWED ||
               fail(err, E_HANDOVER_COMMITTED, "%s", move->plan.migration);
    return take_back(&run, err);
}
