/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source's way to its grant: pair, be authorised, keep what was granted. */
#include "agent/clock.h"
#include "agent/listing.h"
#include "agent/migration_view.h"
#include "agent/move_parts.h"
#include "base/fs.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

#define REDIAL_SECONDS 2

/* What makes the row one that can be resumed. */
static bool keep_plan(struct run *run, struct error *err)
{
    const struct move *move = run->move;

    return listing_adopt(move->state, move->plan.migration, err) && run_claim(run, err) &&
           plan_save(&move->plan, run->work, err);
}

static bool adopt_row(struct run *run, struct authority_ask *ask, struct error *err)
{
    struct authority_answer answer = {0};

    if (!authority_do(&run->move->worker->authority, ask, (struct span){0},
                      (struct span){0}, &answer, NULL, NULL, err))
        return false;
    run->handover = answer.handover;
    run->facts = answer.facts;
    return true;
}

/* Whether a row of the granted id is there already. */
static bool is_begun(struct run *run, bool *out, struct error *err)
{
    struct handover handover = {0};
    struct migration_facts facts = {0};
    struct error unknown = {0};

    *out = authority_migration(&run->move->worker->authority, run->grant.migration,
                               &handover, &facts, &unknown);
    return *out || unknown.msg == E_MIGRATION_UNKNOWN ||
           fail(err, unknown.msg, "%s", unknown.about);
}

/* A new row comes last, and one that is there is judged first: its plan stays what it was
 * when the target has handed us the id of something else. */
static bool adopt(struct run *run, struct error *err)
{
    struct authority_ask ask;
    struct move_plan *plan = &run->move->plan;
    bool begun = false;

    memset(&ask, 0, sizeof(ask));
    ask.op = AUTHORITY_ADOPT;
    ask.grant = run->grant;
    ask.facts.kind = run->facts.kind;
    if (!text_fits(ask.facts.name, plan->name) ||
        !text_fits(ask.facts.directory, plan->tree) ||
        !text_fits(ask.migration, plan->migration))
        return fail(err, E_NAME_BAD, "%s", plan->name);
    if (!migration_id_is_plain(run->grant.migration, err) || !is_begun(run, &begun, err) ||
        (begun && !adopt_row(run, &ask, err)))
        return false;
    if (!text_equal(plan->migration, run->grant.migration))
        fd_close(&run->work);
    (void)text_fits(plan->migration, run->grant.migration);
    return keep_plan(run, err) && (begun || adopt_row(run, &ask, err));
}

/* Both chains of now: whatever is renewed before there is a receipt, it names these. */
static bool keep_chains(struct run *run, struct error *err)
{
    scoped(buf_clear) struct buf first = buf_upto(CHAIN_PACKED_MAX);
    scoped(buf_clear) struct buf second = buf_upto(CHAIN_PACKED_MAX);
    const struct move *move = run->move;

    return chain_pack(&first, identity_chain(&move->worker->newest->identity, LEAF_CLIENT),
                      err) &&
           chain_pack(&second, &move->peer, err) &&
           authority_keep(&move->worker->authority, AUTHORITY_CHAINS, move->plan.migration,
                          buf_span(&first), buf_span(&second), err);
}

/* A source that is frozen begins no other migration where this one is not known: what it
 * came to is open. */
static bool may_begin_another(const struct run *run, struct error *err)
{
    const char *id = run->move->plan.migration;

    if (run->handover.state == SOURCE_COMMIT_ASKED)
        return fail(err, E_HANDOVER_IN_DOUBT, "%s is not known to the target", id);
    return run->handover.state != SOURCE_FROZEN || fail(err, E_FROZEN_UNKNOWN, "%s", id);
}

/* Authorised by the grant of before if that will do, else by consent. */
static bool authorize(struct dial *dial, struct run *run, struct error *err)
{
    const struct move *move = run->move;
    const struct dial_request request = {.name = move->plan.name,
                                         .migration = move->plan.migration,
                                         .purpose = move->plan.nowhere ? PURPOSE_MEASURE
                                                                       : PURPOSE_MOVE};
    const bool may_ask = move->consent != NULL && move->consent->kind != CONSENT_NONE;
    struct error first = {0};

    if (request.migration[0] != '\0') {
        if (dial_authorize_again(dial, &request, &run->grant, &first))
            return true;
        if ((first.msg != E_GRANT_UNKNOWN && first.msg != E_GRANT_REVOKED) || !may_ask) {
            *err = first;
            return false;
        }
        if (first.msg == E_GRANT_UNKNOWN && !may_begin_another(run, err))
            return false;
    }
    if (!may_ask)
        return fail(err, E_GRANT_UNKNOWN, "no code was given");
    return consent_get(move->consent, dial, &request, &move->events, &run->grant, err) &&
           (text_equal(run->grant.migration, request.migration) ||
            may_begin_another(run, err));
}

static bool pair_and_authorize(struct run *run, struct error *err)
{
    scoped(dial_close) struct dial dial = {0};
    struct move *move = run->move;
    const struct move_plan *plan = &move->plan;
    scoped(report_clear) struct report found = {0};
    const struct dial_wish wish = {
        .peer_name = plan->peer_name, .policy = plan->policy, .demands = plan->demands};
    struct error unrecorded = {0}; /* told; what follows will not go unrecorded */
    bool held;

    held = dial_pair(&dial, move->worker, &plan->peer, &wish, err);
    (void)!dial_witness(&dial, move->worker, err, &unrecorded);
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
    return adopt(run, err) && keep_chains(run, err);
}

static bool connection_was_lost(const struct error *why)
{
    return why->msg == E_DIAL || why->msg == E_TLS_BROKEN || why->msg == E_TLS_SILENT;
}

/*
 * A source that waits for an approval has nothing to lose with its connection: it dials
 * again, for as long as the network is borne, and the code is another one then.
 */
bool move_pair(struct run *run, struct error *err)
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
