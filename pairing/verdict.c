/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/verdict.h"

#include "base/text.h"
#include "certs/path.h"
#include "pairing/revocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char verdict_refusal[] =
    "Unable to mutually authenticate and connect to the remote appliance. Please check the "
    "source and target appliances has valid certificate chain uploaded which are signed by "
    "the same CA.";

/* The comparison and what was laid out of it. */
struct bench {
    const struct comparison *c;
    const struct chain *own, *peer;
    enum side other;
    struct ladder ladder;
};

static bool is_skewed(const struct comparison *c, int64_t seconds)
{
    return c->has_peer_clock && llabs(c->skew_ms) >= seconds * 1000;
}

static void handshake_is_fresh(const struct bench *b, struct report *out)
{
    struct error finding = {.side = SIDE_BOTH};

    if (b->c->offline || b->c->fresh_tls13)
        return;
    fail(&finding, E_TLS_POLICY, "the connection was not made afresh with TLS 1.3");
    finding.side = SIDE_BOTH;
    report_add(out, &finding);
}

/* The peer's key is one that the administrator has named. */
static bool peer_is_pinned(const struct bench *b)
{
    const struct demands *demands = &b->c->demands;

    for (size_t i = 0; b->peer->n > 0 && i < demands->pins; i++)
        if (digest_equal(&demands->pin[i], &chain_leaf(b->peer)->spki_sha256))
            return true;
    return false;
}

static void peer_has_a_pinned_key(const struct bench *b, struct report *out)
{
    struct error finding = {0};
    char key[DIGEST_HEX] = "none";

    if (b->c->demands.pins == 0 || peer_is_pinned(b))
        return;
    if (b->peer->n > 0)
        digest_hex(key, &chain_leaf(b->peer)->spki_sha256);
    fail_at(&finding, E_PIN, 0, "the %s's key is %s", side_name(b->other), key);
    finding.side = b->other;
    report_add(out, &finding);
}

static void peer_reaches_our_anchor(const struct bench *b, struct report *out)
{
    struct path path = {0};
    struct error finding = {0};

    if (peer_is_pinned(b) ||
        (b->peer->n > 0 && path_build(&path, chain_leaf(b->peer), b->peer, b->c->trust)))
        return;
    fail(&finding, E_TRUST_NO_PATH,
         "the %s's leaf '%s' reaches none of the %s's %zu anchor%s", side_name(b->other),
         b->peer->n > 0 ? cert_issued_to(chain_leaf(b->peer)) : "", side_name(b->c->self),
         b->c->trust->anchors.n, b->c->trust->anchors.n == 1 ? "" : "s");
    finding.side = b->other;
    report_add(out, &finding);
}

static void ladders_agree(const struct bench *b, struct report *out)
{
    if (!peer_is_pinned(b))
        ladder_judge(&b->ladder, out);
}

static void key_exchange_is_post_quantum(const struct bench *b, struct report *out)
{
    struct error finding = {0};

    if (!b->c->demands.require_pq || b->c->offline ||
        (b->c->group != NULL && strstr(b->c->group, "MLKEM") != NULL))
        return;
    fail(&finding, E_NOT_POST_QUANTUM, "the key exchange was %s",
         b->c->group != NULL ? b->c->group : "not told");
    finding.side = SIDE_BOTH;
    report_add(out, &finding);
}

/* Nothing may expire before the migration can be over; twice the estimate is allowed for.
 */
static void nothing_expires_meanwhile(const struct bench *b, struct report *out)
{
    const struct chain *chains[] = {b->c->source, b->c->target};
    time_t over = b->c->now + (time_t)(2 * b->c->demands.duration);

    for (size_t k = 0; b->c->demands.duration > 0 && k < COUNT(chains); k++) {
        for (size_t i = 0; i < chains[k]->n; i++) {
            const struct cert *cert = &chains[k]->cert[i];
            struct error finding = {0};

            if (cert->not_after.at >= over || cert->not_after.at < b->c->now)
                continue;
            fail_at(&finding, E_DURATION_SHORT, i,
                    "'%s' ends %lld s from now; the migration may take %lld s",
                    cert_issued_to(cert), (long long)(cert->not_after.at - b->c->now),
                    (long long)b->c->demands.duration);
            finding.severity =
                b->c->policy == POLICY_STRICT ? SEVERITY_ERROR : SEVERITY_WARNING;
            finding.side = k == 0 ? SIDE_SOURCE : SIDE_TARGET;
            report_add(out, &finding);
        }
    }
}

static void clocks_agree(const struct bench *b, struct report *out)
{
    struct error finding = {0};
    long long seconds = b->c->skew_ms / 1000;

    if (!is_skewed(b->c, CLOCK_SKEW_NOTICE))
        return;
    fail(&finding, is_skewed(b->c, CLOCK_SKEW_MAX) ? E_CLOCK_SKEW : E_CLOCK_DRIFT,
         "the %s's clock is %lld s %s the %s's", side_name(b->other), llabs(seconds),
         seconds < 0 ? "behind" : "ahead of", side_name(b->c->self));
    finding.severity = is_skewed(b->c, CLOCK_SKEW_MAX) ? SEVERITY_ERROR : SEVERITY_WARNING;
    finding.side = b->other;
    report_add(out, &finding);
}

static bool valid_at(const struct cert *cert, time_t at)
{
    return cert->not_before.at <= at && at <= cert->not_after.at;
}

/* Whose clock is at fault when the two disagree about a certificate: it existed already, so
 * a clock that has it not yet valid is slow; of an expired one only the difference can be
 * told. */
static void explain_clocks(char out[CERT_TEXT_MAX], const struct bench *b,
                           const struct cert *cert, bool here_good, time_t there)
{
    time_t off = here_good ? there : b->c->now;
    const char *name = side_name(here_good ? b->other : b->c->self);
    long long minutes = llabs(b->c->skew_ms / 1000) / 60;

    if (off < cert->not_before.at)
        snprintf(out, CERT_TEXT_MAX, "the %s's clock is %lld min slow: set it", name,
                 minutes);
    else
        snprintf(
            out, CERT_TEXT_MAX,
            "by the %s's clock, %lld min ahead, it has expired: find out which is wrong",
            name, minutes);
}

/* What is in date by one clock and not by the other is the clocks' fault, and said so. */
static void valid_by_both_clocks(const struct bench *b, struct report *out)
{
    const struct chain *chains[] = {b->c->source, b->c->target};
    time_t there = b->c->now + (time_t)(b->c->skew_ms / 1000);

    for (size_t k = 0; b->c->has_peer_clock && k < COUNT(chains); k++) {
        for (size_t i = 0; i < chains[k]->n; i++) {
            const struct cert *cert = &chains[k]->cert[i];
            char why[CERT_TEXT_MAX];
            struct error finding = {0};

            if (valid_at(cert, b->c->now) == valid_at(cert, there))
                continue;
            explain_clocks(why, b, cert, valid_at(cert, b->c->now), there);
            fail_at(&finding, E_VALID_BY_ONE_CLOCK, i, "'%s': %s", cert_issued_to(cert),
                    why);
            finding.side = k == 0 ? SIDE_SOURCE : SIDE_TARGET;
            report_add(out, &finding);
        }
    }
}

static void nothing_is_revoked(const struct bench *b, struct report *out)
{
    if (b->c->crls != NULL)
        revocation_judge(&b->ladder, b->c->crls, b->c->demands.require_revocation,
                         b->c->now, out);
}

static void identities_differ(const struct bench *b, struct report *out)
{
    struct error finding = {0};

    if (b->own->n == 0 || b->peer->n == 0 ||
        !digest_equal(&chain_leaf(b->own)->spki_sha256, &chain_leaf(b->peer)->spki_sha256))
        return;
    fail_at(&finding, E_SAME_IDENTITY, 0, "both leaves hold the key of '%s'",
            cert_issued_to(chain_leaf(b->own)));
    finding.side = SIDE_BOTH;
    report_add(out, &finding);
}

static void peer_has_the_name(const struct bench *b, struct report *out)
{
    char names[CERT_TEXT_MAX];
    struct error finding = {0};
    bool by_cn = false, good;

    if (b->c->peer_name == NULL || b->peer->n == 0)
        return;
    good = cert_is_for(chain_leaf(b->peer), b->c->peer_name, &by_cn);
    if (good && !by_cn)
        return;
    cert_san_text(names, sizeof(names), chain_leaf(b->peer));
    fail_at(&finding, good ? E_PEER_NAME_BY_CN : E_PEER_NAME, 0,
            "'%s' was asked for; the leaf is for '%s'%s%s", b->c->peer_name,
            cert_issued_to(chain_leaf(b->peer)), names[0] != '\0' ? ": " : "", names);
    finding.severity = good ? SEVERITY_WARNING : SEVERITY_ERROR;
    finding.side = b->other;
    report_add(out, &finding);
}

/* The conditions of design 5, in the order they are told. */
static void (*const conditions[])(const struct bench *b, struct report *out) = {
    handshake_is_fresh,    key_exchange_is_post_quantum,
    peer_has_a_pinned_key, peer_reaches_our_anchor,
    ladders_agree,         clocks_agree,
    valid_by_both_clocks,  nothing_expires_meanwhile,
    identities_differ,     peer_has_the_name,
    nothing_is_revoked,
};

/* A pin stands for the chain above the leaf. */
static bool pin_replaces(const struct error *finding)
{
    const char *rule = message_of(finding->msg)->rule;

    return rule != NULL && text_equal(rule, "complete");
}

static void judge_chain(const struct bench *b, const struct chain *chain, enum side side,
                        struct report *out)
{
    const struct comparison *c = b->c;
    scoped(report_clear) struct report found = {0};
    struct judged judged = {.chain = chain,
                            .policy = c->policy,
                            .now = c->now,
                            .order = side == SIDE_SOURCE ? &b->ladder.source.order
                                                         : &b->ladder.target.order};

    judged.occasion = side == c->self ? OCCASION_OWN : OCCASION_PEER;
    if (c->offline)
        judged.occasion = OCCASION_OFFLINE;
    rules_judge(&judged, &found);
    for (size_t i = 0; i < found.n; i++) {
        found.item[i].side = side;
        if (!peer_is_pinned(b) || !pin_replaces(&found.item[i]))
            report_add(out, &found.item[i]);
    }
    out->dropped += found.dropped;
}

void verdict_judge(struct report *out, const struct comparison *comparison)
{
    bool is_source = comparison->self == SIDE_SOURCE;
    struct bench bench = {.c = comparison,
                          .own = is_source ? comparison->source : comparison->target,
                          .peer = is_source ? comparison->target : comparison->source,
                          .other = is_source ? SIDE_TARGET : SIDE_SOURCE};

    ladder_lay(&bench.ladder, comparison->source, comparison->target, comparison->self,
               comparison->trust);
    judge_chain(&bench, comparison->source, SIDE_SOURCE, out);
    judge_chain(&bench, comparison->target, SIDE_TARGET, out);
    for (size_t i = 0; i < COUNT(conditions); i++)
        conditions[i](&bench, out);
}

static bool same_finding(const struct error *a, const struct error *b)
{
    return a->msg == b->msg && a->side == b->side && a->has_rung == b->has_rung &&
           a->rung == b->rung && text_equal(a->about, b->about);
}

void verdict_merge(struct report *out, const struct report *more)
{
    for (size_t i = 0; i < more->n; i++) {
        bool known = false;

        for (size_t k = 0; k < out->n && !known; k++)
            known = same_finding(&out->item[k], &more->item[i]);
        if (!known)
            report_add(out, &more->item[i]);
    }
    out->dropped += more->dropped;
}

bool verdict_own_root(struct trust *out, const struct chain *own, struct error *err)
{
    struct chain_order order = {0};

    if (own->n == 0)
        return true;
    chain_lay_order(&order, own);
    if (!order.complete || order.n == 0)
        return true;
    return chain_add_der(&out->anchors, buf_span(&own->cert[order.path[order.n - 1]].der),
                         err);
}

bool verdict_preflight(struct report *out, const struct chain *source,
                       const struct chain *target, enum policy policy,
                       const struct demands *demands, time_t now, struct error *err)
{
    static const enum side eyes[] = {SIDE_SOURCE, SIDE_TARGET};

    for (size_t i = 0; i < COUNT(eyes); i++) {
        scoped(report_clear) struct report seen = {0};
        scoped(trust_clear) struct trust trust = {0};
        const struct comparison comparison = {.self = eyes[i],
                                              .offline = true,
                                              .source = source,
                                              .target = target,
                                              .trust = &trust,
                                              .policy = policy,
                                              .now = now,
                                              .demands = *demands};

        if (!verdict_own_root(&trust, eyes[i] == SIDE_SOURCE ? source : target, err))
            return false;
        verdict_judge(&seen, &comparison);
        verdict_merge(out, &seen);
    }
    return true;
}

time_t verdict_not_after(const struct chain *source, const struct chain *target)
{
    const struct chain *chains[] = {source, target};
    time_t first = 0;

    for (size_t k = 0; k < COUNT(chains); k++)
        for (size_t i = 0; i < chains[k]->n; i++)
            if (first == 0 || chains[k]->cert[i].not_after.at < first)
                first = chains[k]->cert[i].not_after.at;
    return first;
}
