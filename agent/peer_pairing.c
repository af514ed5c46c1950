/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target's end of the pairing conversation, and the authorisation after it. */
#include "agent/clock.h"
#include "agent/peer.h"
#include "base/text.h"
#include "certs/statement.h"
#include "pairing/message_json.h"

#include <string.h>
#include <time.h>

#define PAUSE_TICK_MS 100

static bool conversation_begin(struct peer *peer, struct error *err)
{
    const struct pair_setup setup = {.self = SIDE_TARGET,
                                     .own = identity_leaves(&peer->own->identity),
                                     .facts = &peer->tls.facts,
                                     .trust = &peer->own->trust,
                                     .policy = peer->service->policy,
                                     .crls = &peer->own->crls,
                                     .demands = peer->service->demands};

    if (peer->paired)
        return fail(err, E_PAIR_TURN, "one conversation a connection");
    peer->paired = true;
    return pair_begin(&peer->pair, &setup, err);
}

static bool verdict_prepare(struct peer *peer, struct error *err)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);

    if (peer->pair.signature.n > 0)
        return true;
    return (peer->pair.body.n > 0 || pair_judge(&peer->pair, clock_ms(), err)) &&
           statement_sign(&signature, identity_key(&peer->own->identity, LEAF_SERVER),
                          STATEMENT_VERDICT, side_name(SIDE_TARGET),
                          buf_span(&peer->pair.body), err) &&
           pair_sign(&peer->pair, buf_span(&signature), err);
}

void peer_prepare(struct peer *peer)
{
    struct error again = {0}; /* what fails here fails once more when it is to be said */

    if (peer->paired && peer->pair.phase == PAIR_HEAR_VERDICT)
        (void)!verdict_prepare(peer, &again);
}

/* Hear one message and say the next. What is wrong breaks the attempt and the connection.
 */
static bool exchange(struct visit *visit, const char *step, struct error *err)
{
    struct peer *peer = visit->peer;
    const char *expected = pair_step(&peer->pair);

    visit->answer.last = true;
    if (expected == NULL || !text_equal(step, expected))
        peer->pair.phase = PAIR_BROKEN;
    if (!pair_hear(&peer->pair, clock_ms(), visit->request.body, err))
        return false;
    if (peer->pair.phase == PAIR_SAY_VERDICT && !verdict_prepare(peer, err))
        return false;
    if (!pair_say(&peer->pair, clock_ms(), &visit->answer.json, err))
        return false;
    visit->answer.last = peer->pair.phase == PAIR_REFUSED;
    return true;
}

/* An attempt that failed as a conversation is told like one that failed by verdict. */
static bool exchange_told(struct visit *visit, const char *step, struct error *err)
{
    struct peer *peer = visit->peer;

    if (exchange(visit, step, err))
        return true;
    peer->broken = *err;
    peer_tell_refusal(peer, err);
    return false;
}

/* Written after the answer has gone out: nobody waits for the record of an attempt. */
void peer_witness(struct peer *peer, bool over)
{
    const struct audit_attempt attempt = {.self = SIDE_TARGET,
                                          .address = peer->address,
                                          .own = identity_leaves(&peer->own->identity),
                                          .facts = &peer->tls.facts,
                                          .pair = &peer->pair,
                                          .failure = &peer->broken};

    if (!peer->paired && over && !peer->admitted)
        witness_refusal(&peer->service->witness, peer->host, E_NOT_PAIRED, clock_now());
    if (!peer->paired || peer->attempt_told ||
        (!over && pair_step(&peer->pair) != NULL && peer->broken.msg == E_NONE))
        return;
    peer->attempt_told = true;
    witness_attempt(&peer->service->witness, peer->host, &attempt, clock_now());
}

bool peer_hello(struct visit *visit, struct error *err)
{
    if (!conversation_begin(visit->peer, err)) {
        visit->peer->pair.phase = PAIR_BROKEN;
        visit->answer.last = true;
        return false;
    }
    return exchange_told(visit, "hello", err);
}

bool peer_nonce(struct visit *visit, struct error *err)
{
    if (!visit->peer->paired)
        return fail(err, E_PAIR_TURN, "the conversation begins with hello");
    return exchange_told(visit, "nonce", err);
}

bool peer_verdict(struct visit *visit, struct error *err)
{
    scoped(report_clear) struct report findings = {0};
    struct peer *peer = visit->peer;

    if (!peer->paired)
        return fail(err, E_PAIR_TURN, "the conversation begins with hello");
    if (!exchange_told(visit, "verdict", err))
        return false;
    if (peer->pair.phase == PAIR_AGREED) {
        door_paired(&peer->service->door, peer->seat);
        worker_was_paired(peer->service->worker, peer->own);
        event_paired(&peer->service->events, peer->address,
                     cert_issued_to(peer_leaf(peer)));
        return true;
    }
    pair_findings(&peer->pair, &findings);
    event_refused(&peer->service->events, peer->address, cert_issued_to(peer_leaf(peer)),
                  &findings);
    return true;
}

static bool name_is_plain(const char *name, struct error *err)
{
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL ||
        !text_is_utf8(span_text(name)))
        return fail(err, E_NAME_BAD, "'%s'", name);
    return true;
}

static const enum authority_op op_of[AUTHORIZE_METHODS] = {
    [AUTHORIZE_CODE] = AUTHORITY_CODE_STEP,
    [AUTHORIZE_AGAIN] = AUTHORITY_AGAIN,
    [AUTHORIZE_PASSWORD] = AUTHORITY_PASSWORD_STEP,
    [AUTHORIZE_WAIT] = AUTHORITY_WAIT};

static bool is_guess(enum authority_op op)
{
    return op == AUTHORITY_CODE_STEP || op == AUTHORITY_PASSWORD_STEP;
}

/* What the verdicts permit, for the supervisor to store when it is authorised. */
static void grant_fill(struct grant *out, const struct peer *peer)
{
    const struct service *service = peer->service;

    out->peer_server_key = peer->pair.theirs.server.spki_sha256;
    out->peer_client_key = peer->pair.theirs.client.spki_sha256;
    out->byte_ceiling = INT64_MAX;
    out->not_after = verdict_not_after(&peer->pair.peer, &peer->pair.setup.own);
    out->policy = service->policy;
    out->peer_policy = peer->pair.peer_policy;
    out->pinned = service->demands.pins > 0;
    pair_transcript(&peer->pair, &out->transcript);
    text_printable(out->peer_name, sizeof(out->peer_name),
                   span_text(cert_issued_to(peer_leaf(peer))));
}

/* What the operator is shown of a pairing that waits. */
static void view_fill(struct pairing_view *out, const struct peer *peer)
{
    scoped(report_clear) struct report findings = {0};

    approval_code(out->code, &peer->pair);
    (void)text_fits(out->address, peer->address);
    pair_findings(&peer->pair, &findings);
    out->rungs = (unsigned)peer->tls.facts.peer.n;
    for (size_t i = 0; i < findings.n; i++)
        out->warnings += findings.item[i].severity == SEVERITY_WARNING;
}

static bool ask_fill(struct authority_ask *out, const struct peer *peer,
                     const struct authorize_ask *asked, struct error *err)
{
    const struct service *service = peer->service;

    memset(out, 0, sizeof(*out));
    out->op = op_of[asked->method];
    out->connection = peer->number;
    out->selector = asked->selector;
    memcpy(out->exporter, peer->tls.facts.exporter, sizeof(out->exporter));
    grant_fill(&out->grant, peer);
    if (asked->method == AUTHORIZE_WAIT)
        view_fill(&out->view, peer);
    out->facts.kind = policy_digest(service->policy) == DIGEST_SHA256 ||
                              peer->pair.peer_policy == POLICY_FIPS
                          ? DIGEST_SHA256
                          : DIGEST_BLAKE3;
    return name_is_plain(asked->name, err) && text_fits(out->scram, asked->scram) &&
           text_fits(out->user, asked->user) &&
           text_fits(out->migration, asked->migration) &&
           text_fits(out->facts.name, asked->name) &&
           text_fits(out->facts.directory, service->into);
}

/* Wrong secrets count against the address they come from, and against the code or the name
 * too. */
static bool ask_supervisor(struct peer *peer, struct authority_ask *ask,
                           struct authority_answer *answer, struct error *err)
{
    struct service *service = peer->service;
    const int64_t now_ms = clock_steady_ms();

    if (is_guess(ask->op) && door_is_shut_for(&service->door, peer->host, now_ms))
        return fail(err, E_BUSY, "%d wrong codes from %s in this minute",
                    CODE_FAILURES_PER_ADDRESS, peer->host);
    if (authority_do(&service->worker->authority, ask, (struct span){0}, (struct span){0},
                     answer, NULL, NULL, err))
        return true;
    if (is_guess(ask->op))
        door_count_failure(&service->door, peer->host, now_ms);
    peer_tell_refusal(peer, err);
    return false;
}

/* A password is of use only to a source that is certain whom it talks to. */
static bool source_knows_our_name(const struct peer *peer, struct error *err)
{
    const struct report *theirs = &peer->pair.peer_findings;

    for (size_t i = 0; i < theirs->n; i++) {
        const char *rule = message_of(theirs->item[i].msg)->rule;

        if (rule != NULL && text_equal(rule, "peer-name"))
            return fail(err, E_PASSWORD_NAME, "%s", theirs->item[i].about);
    }
    return true;
}

void peer_pause(const struct service *service, unsigned seconds)
{
    const struct timespec tick = {.tv_nsec = PAUSE_TICK_MS * 1000000L};

    for (unsigned i = 0; i < seconds * 1000 / PAUSE_TICK_MS; i++)
        if (!atomic_load(&service->stop))
            nanosleep(&tick, NULL);
}

/* What this listener would refuse later costs no code, no password and nobody's approval.
 * To renew a grant costs nothing, and lets a measurement that was begun be aborted. */
static bool purpose_is_ours(struct peer *peer, const struct authorize_ask *asked,
                            struct error *err)
{
    const bool nowhere = peer->service->nowhere;

    if (asked->method == AUTHORIZE_AGAIN || asked->purpose == PURPOSE_UNSAID ||
        (asked->purpose == PURPOSE_MEASURE) == nowhere)
        return true;
    fail(err, nowhere ? E_STORES_NOT : E_STORES, "'%s'", asked->name);
    peer_tell_refusal(peer, err);
    return false;
}

static void tell_answer(struct peer *peer, const struct authority_ask *ask,
                        const struct authority_answer *answer)
{
    if (answer->done)
        event_granted(&peer->service->events, &answer->grant);
    else if (answer->waiting && !peer->waits)
        event_waiting(&peer->service->events, peer->address,
                      cert_issued_to(peer_leaf(peer)), ask->view.code);
    peer->waits |= answer->waiting;
}

bool peer_authorize(struct visit *visit, struct error *err)
{
    struct peer *peer = visit->peer;
    struct authorize_ask asked = {0};
    struct authorize_answer told = {0};
    struct authority_answer answer = {0};
    struct authority_ask ask;

    if (!peer->paired || peer->pair.phase != PAIR_AGREED)
        return fail(err, E_NOT_PAIRED, "authorisation comes after two good verdicts");
    if (!message_read_ask(&asked, visit->request.body, err) ||
        (asked.method == AUTHORIZE_PASSWORD && !source_knows_our_name(peer, err)) ||
        !ask_fill(&ask, peer, &asked, err) || !purpose_is_ours(peer, &asked, err) ||
        !ask_supervisor(peer, &ask, &answer, err))
        return false;
    peer_pause(peer->service, answer.pause);
    if (answer.done)
        peer_admit(peer);
    tell_answer(peer, &ask, &answer);
    (void)text_fits(told.scram, answer.scram);
    told.waiting = answer.waiting;
    told.expires = answer.expires;
    told.granted = answer.done;
    told.grant = answer.grant;
    return message_write_answer(&visit->answer.json, &told, err);
}
