/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/pair.h"

#include "base/mem.h"
#include "base/text.h"
#include "certs/statement.h"
#include "pairing/message_json.h"

#include <string.h>

#define VERDICT_BODY_MAX STATEMENT_BODY_MAX

/* What follows what, on either side; what is not here cannot happen. */
static const struct {
    enum side self;
    enum pair_phase phase, next;
} moves[] = {
    {SIDE_SOURCE, PAIR_SAY_HELLO, PAIR_HEAR_HELLO},
    {SIDE_SOURCE, PAIR_HEAR_HELLO, PAIR_SAY_NONCE},
    {SIDE_SOURCE, PAIR_SAY_NONCE, PAIR_HEAR_NONCE},
    {SIDE_SOURCE, PAIR_HEAR_NONCE, PAIR_SAY_VERDICT},
    {SIDE_SOURCE, PAIR_SAY_VERDICT, PAIR_HEAR_VERDICT},
    {SIDE_SOURCE, PAIR_HEAR_VERDICT, PAIR_AGREED},
    {SIDE_TARGET, PAIR_HEAR_HELLO, PAIR_SAY_HELLO},
    {SIDE_TARGET, PAIR_SAY_HELLO, PAIR_HEAR_NONCE},
    {SIDE_TARGET, PAIR_HEAR_NONCE, PAIR_SAY_NONCE},
    {SIDE_TARGET, PAIR_SAY_NONCE, PAIR_HEAR_VERDICT},
    {SIDE_TARGET, PAIR_HEAR_VERDICT, PAIR_SAY_VERDICT},
    {SIDE_TARGET, PAIR_SAY_VERDICT, PAIR_AGREED},
};

static void pair_advance(struct pair *pair)
{
    for (size_t i = 0; i < COUNT(moves); i++) {
        if (moves[i].self != pair->setup.self || moves[i].phase != pair->phase)
            continue;
        pair->phase = moves[i].next;
        if (pair->phase == PAIR_AGREED && !(pair->good && pair->peer_good))
            pair->phase = PAIR_REFUSED;
        return;
    }
    pair->phase = PAIR_BROKEN;
}

bool pair_begin(struct pair *out, const struct pair_setup *setup, struct error *err)
{
    *out = (struct pair){.setup = *setup,
                         .phase =
                             setup->self == SIDE_SOURCE ? PAIR_SAY_HELLO : PAIR_HEAR_HELLO,
                         .body = buf_upto(VERDICT_BODY_MAX),
                         .peer_body = buf_upto(VERDICT_BODY_MAX),
                         .signature = buf_upto(KEY_SIGNATURE_MAX),
                         .peer_signature = buf_upto(KEY_SIGNATURE_MAX)};
    return profile_make(&out->mine, setup->self, &setup->own, setup->policy, 0, err) &&
           random_fill(out->nonce.byte, sizeof(out->nonce.byte), err);
}

const char *pair_step(const struct pair *pair)
{
    switch (pair->phase) {
    case PAIR_SAY_HELLO:
    case PAIR_HEAR_HELLO:
        return "hello";
    case PAIR_SAY_NONCE:
    case PAIR_HEAR_NONCE:
        return "nonce";
    case PAIR_SAY_VERDICT:
    case PAIR_HEAR_VERDICT:
        return "verdict";
    case PAIR_AGREED:
    case PAIR_REFUSED:
    case PAIR_BROKEN:
        return NULL;
    }
    return NULL;
}

bool pair_speaks_next(const struct pair *pair)
{
    return pair->phase == PAIR_SAY_HELLO || pair->phase == PAIR_SAY_NONCE ||
           pair->phase == PAIR_SAY_VERDICT;
}

static void terms_of(struct verdict_terms *out, const struct pair *pair)
{
    bool is_source = pair->setup.self == SIDE_SOURCE;
    const struct profile *source = is_source ? &pair->mine : &pair->theirs;
    const struct profile *target = is_source ? &pair->theirs : &pair->mine;
    const struct chain *peer = &pair->setup.facts->peer;
    const struct chain *own = leaves_of_side(&pair->setup.own, pair->setup.self);

    memcpy(out->exporter.byte, pair->setup.facts->exporter, DIGEST_BYTES);
    chain_digest(&out->source_chain, is_source ? own : peer);
    chain_digest(&out->target_chain, is_source ? peer : own);
    out->source_server_key = source->server.spki_sha256;
    out->source_client_key = source->client.spki_sha256;
    out->target_server_key = target->server.spki_sha256;
    out->target_client_key = target->client.spki_sha256;
    out->source_nonce = is_source ? pair->nonce : pair->peer_nonce;
    out->target_nonce = is_source ? pair->peer_nonce : pair->nonce;
}

/* The migration takes as long as the source, which knows the tree, has said. */
static struct demands demands_of(const struct pair *pair)
{
    struct demands demands = pair->setup.demands;

    if (pair->setup.self == SIDE_TARGET)
        demands.duration = pair->theirs.duration;
    return demands;
}

static bool knows_both_nonces(const struct pair *pair)
{
    return pair->phase == PAIR_SAY_VERDICT ||
           (pair->phase == PAIR_HEAR_VERDICT && pair->setup.self == SIDE_TARGET);
}

bool pair_judge(struct pair *pair, int64_t now_ms, struct error *err)
{
    const struct pair_setup *s = &pair->setup;
    bool is_source = s->self == SIDE_SOURCE;
    const struct comparison comparison = {.self = s->self,
                                          .source = is_source ? s->own : pair->peer,
                                          .target = is_source ? pair->peer : s->own,
                                          .trust = s->trust,
                                          .policy = s->policy,
                                          .now = (time_t)(now_ms / 1000),
                                          .has_peer_clock = pair->has_skew,
                                          .skew_ms = pair->skew_ms,
                                          .peer_name = s->peer_name,
                                          .fresh_tls13 = true,
                                          .group = s->facts->group,
                                          .crls = s->crls,
                                          .demands = demands_of(pair)};
    struct verdict_terms terms = {0};

    if (!knows_both_nonces(pair) || pair->body.n > 0)
        return fail(err, E_PAIR_TURN, "a verdict before its time");
    verdict_judge(&pair->findings, &comparison);
    pair->good = report_errors(&pair->findings) == 0;
    terms_of(&terms, pair);
    return message_write_verdict(&pair->body, pair, &terms, now_ms, err);
}

bool pair_sign(struct pair *pair, struct span signature, struct error *err)
{
    buf_reset(&pair->signature);
    return buf_add(&pair->signature, signature, err);
}

static bool say_hello(struct pair *pair, int64_t now_ms, struct buf *out, struct error *err)
{
    struct digest commitment = {0};

    pair->mine.clock_ms = now_ms;
    pair->mine.duration = pair->setup.demands.duration;
    pair->spoke_ms = now_ms;
    digest_of(&commitment, DIGEST_SHA256, digest_span(&pair->nonce));
    return message_write_hello(out, &pair->mine,
                               pair->setup.self == SIDE_TARGET ? &commitment : NULL, err);
}

bool pair_say(struct pair *pair, int64_t now_ms, struct buf *out, struct error *err)
{
    bool good = false;

    if (pair->phase == PAIR_SAY_HELLO)
        good = say_hello(pair, now_ms, out, err);
    else if (pair->phase == PAIR_SAY_NONCE)
        good = message_write_nonce(out, &pair->nonce, err);
    else if (pair->phase == PAIR_SAY_VERDICT && pair->signature.n > 0)
        good = message_write_signed(out, buf_span(&pair->body), buf_span(&pair->signature),
                                    err);
    else
        fail(err, E_PAIR_TURN, "nothing is to be said now");
    if (good)
        pair_advance(pair);
    else
        pair->phase = PAIR_BROKEN;
    return good;
}

/* The peer's clock is read half a round trip after it spoke; a target cannot measure that.
 */
static void measure_skew(struct pair *pair, int64_t now_ms)
{
    int64_t here = pair->setup.self == SIDE_SOURCE
                       ? pair->spoke_ms + (now_ms - pair->spoke_ms) / 2
                       : now_ms;

    pair->skew_ms = pair->theirs.clock_ms - here;
    pair->has_skew = true;
}

static bool hear_hello(struct pair *pair, int64_t now_ms, struct span message,
                       struct error *err)
{
    bool from_target = pair->setup.self == SIDE_SOURCE;

    if (!message_read_hello(&pair->theirs, from_target ? &pair->commitment : NULL, message,
                            err))
        return false;
    measure_skew(pair, now_ms);
    return profile_check(&pair->theirs, from_target ? SIDE_TARGET : SIDE_SOURCE,
                         &pair->setup.facts->peer, err) &&
           profile_leaves(&pair->peer, &pair->peer_other, &pair->theirs,
                          &pair->setup.facts->peer, err);
}

static bool hear_nonce(struct pair *pair, struct span message, struct error *err)
{
    struct digest opened = {0};

    if (!message_read_nonce(&pair->peer_nonce, message, err))
        return false;
    if (digest_equal(&pair->peer_nonce, &pair->nonce))
        return fail(err, E_PAIR_NONCE, "the peer sent our own nonce back");
    if (pair->setup.self == SIDE_TARGET)
        return true;
    digest_of(&opened, DIGEST_SHA256, digest_span(&pair->peer_nonce));
    return digest_equal(&opened, &pair->commitment) ||
           fail(err, E_PAIR_NONCE, "the target's nonce is not the one it committed to");
}

/* Every term must be ours too: a verdict of another connection, role or chain is no
 * verdict. */
static bool terms_agree(const struct pair *pair, const struct verdict_read *theirs,
                        struct error *err)
{
    struct verdict_terms ours = {0};
    enum side other = pair->setup.self == SIDE_SOURCE ? SIDE_TARGET : SIDE_SOURCE;

    terms_of(&ours, pair);
    if (theirs->role != other)
        return fail(err, E_VERDICT_CROSSED, "it speaks for the %s",
                    side_name(theirs->role));
    if (theirs->policy != pair->theirs.policy)
        return fail(err, E_VERDICT_CROSSED, "its policy is not that of the hello");
    return memcmp(&ours, &theirs->terms, sizeof(ours)) == 0 ||
           fail(err, E_VERDICT_CROSSED,
                "it is bound to another connection or other chains");
}

static void verdict_read_clear(struct verdict_read *read)
{
    report_clear(&read->findings);
}

/* Verify first, then parse; the bytes as sent are what is signed. */
static bool hear_verdict(struct pair *pair, struct span message, struct error *err)
{
    scoped(verdict_read_clear) struct verdict_read theirs = {0};
    bool from_target = pair->setup.self == SIDE_SOURCE;
    const struct cert *leaf = chain_leaf(&pair->setup.facts->peer);

    if (!message_read_signed(&pair->peer_body, &pair->peer_signature, message, err))
        return false;
    if (!statement_verifies(leaf->spki, STATEMENT_VERDICT,
                            side_name(from_target ? SIDE_TARGET : SIDE_SOURCE),
                            buf_span(&pair->peer_body), buf_span(&pair->peer_signature)))
        return fail(err, E_VERDICT_SIGNATURE, "signed by another key than '%s'",
                    cert_issued_to(leaf));
    if (!message_read_verdict(&theirs, buf_span(&pair->peer_body), err) ||
        !terms_agree(pair, &theirs, err))
        return false;
    verdict_merge(&pair->peer_findings, &theirs.findings);
    pair->peer_good = theirs.good && report_errors(&theirs.findings) == 0;
    pair->peer_policy = theirs.policy;
    return true;
}

bool pair_hear(struct pair *pair, int64_t now_ms, struct span message, struct error *err)
{
    bool good = false;

    if (message.n > PAIR_MESSAGE_MAX)
        fail(err, E_TOO_LARGE, "a message of %zu bytes", message.n);
    else if (pair->phase == PAIR_HEAR_HELLO)
        good = hear_hello(pair, now_ms, message, err);
    else if (pair->phase == PAIR_HEAR_NONCE)
        good = hear_nonce(pair, message, err);
    else if (pair->phase == PAIR_HEAR_VERDICT)
        good = hear_verdict(pair, message, err);
    else
        fail(err, E_PAIR_TURN, "nothing was to be heard now");
    if (good)
        pair_advance(pair);
    else
        pair->phase = PAIR_BROKEN;
    return good;
}

void pair_transcript(const struct pair *pair, struct digest *out)
{
    bool is_source = pair->setup.self == SIDE_SOURCE;
    const struct buf *parts[] = {is_source ? &pair->body : &pair->peer_body,
                                 is_source ? &pair->signature : &pair->peer_signature,
                                 is_source ? &pair->peer_body : &pair->body,
                                 is_source ? &pair->peer_signature : &pair->signature};
    struct digest_run run;

    digest_begin(&run, DIGEST_SHA256);
    for (size_t i = 0; i < COUNT(parts); i++)
        digest_add(&run, buf_span(parts[i]));
    digest_end(&run, out);
}

void pair_findings(const struct pair *pair, struct report *out)
{
    verdict_merge(out, &pair->findings);
    verdict_merge(out, &pair->peer_findings);
}

void pair_clear(struct pair *pair)
{
    profile_clear(&pair->mine);
    profile_clear(&pair->theirs);
    chain_clear(&pair->peer_other);
    report_clear(&pair->findings);
    report_clear(&pair->peer_findings);
    buf_clear(&pair->body);
    buf_clear(&pair->peer_body);
    buf_clear(&pair->signature);
    buf_clear(&pair->peer_signature);
    mem_wipe(pair->nonce.byte, sizeof(pair->nonce.byte));
    *pair = (struct pair){.phase = PAIR_BROKEN};
}
