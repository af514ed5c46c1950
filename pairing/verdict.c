/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/verdict.h"

#include "base/text.h"
#include "certs/path.h"
#include "pairing/revocation.h"
#include "pairing/verdict_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char verdict_refusal[] =
    "Unable to mutually authenticate and connect to the remote appliance. Please check the "
    "source and target appliances has valid certificate chain uploaded which are signed by "
    "the same CA.";

void bench_tell(struct report *out, const struct stand *stand, struct error *finding)
{
    finding->side = stand->side;
    leaves_tell(out, leaf_use_words(stand->use), finding);
}

bool bench_is_skewed(const struct bench *bench, int64_t seconds)
{
    return bench->c->has_peer_clock && llabs(bench->c->skew_ms) >= seconds * 1000;
}

/* What the peer has proven on this connection. */
static const struct chain *peer_presents(const struct bench *b)
{
    return leaves_of_side(b->peer, b->other);
}

static enum occasion occasion_of(const struct bench *b, enum side side)
{
    if (b->c->offline)
        return OCCASION_OFFLINE;
    return side == b->c->self ? OCCASION_OWN : OCCASION_PEER;
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

/* TLS proves the key of the first certificate (RFC 8446 4.4.2): that is the leaf, and not
 * another one of the chain, which the rules would then be asked about. */
static void peer_has_proven_its_leaf(const struct bench *b, struct report *out)
{
    for (size_t i = 0; i < b->stands && !b->c->offline; i++) {
        const struct stand *stand = &b->stand[i];
        const struct cert *cert = stand->chain->cert;
        struct error finding = {0};

        if (stand->side != b->other || stand->order->n == 0 || stand->order->path[0] == 0)
            continue;
        fail_at(&finding, E_PAIR_FIRST, 0, "'%s' comes first, and the leaf is '%s'",
                cert_issued_to(&cert[0]), cert_issued_to(&cert[stand->order->path[0]]));
        bench_tell(out, stand, &finding);
    }
}

/* The key that the peer proves is one that the administrator has named; its word is what
 * the other leaf of the peer, if there is one, rests on. */
static bool peer_is_pinned(const struct bench *b)
{
    const struct demands *demands = &b->c->demands;
    const struct chain *peer = peer_presents(b);

    for (size_t i = 0; peer->n > 0 && i < demands->pins; i++)
        if (digest_equal(&demands->pin[i], &chain_leaf(peer)->spki_sha256))
            return true;
    return false;
}

static void peer_has_a_pinned_key(const struct bench *b, struct report *out)
{
    const struct chain *peer = peer_presents(b);
    struct error finding = {0};
    char key[DIGEST_HEX] = "none";

    if (b->c->demands.pins == 0 || peer_is_pinned(b))
        return;
    if (peer->n > 0)
        digest_hex(key, &chain_leaf(peer)->spki_sha256);
    fail_at(&finding, E_PIN, 0, "the %s's key is %s", side_name(b->other), key);
    finding.side = b->other;
    report_add(out, &finding);
}

static void reaches_our_anchor(const struct bench *b, const struct stand *stand,
                               struct report *out)
{
    const struct chain *chain = stand->chain;
    const char *words = leaf_use_words(stand->use);
    const size_t anchors = b->c->trust->anchors.n;
    struct path path = {0};
    struct error finding = {0};

    if (chain->n > 0 && path_build(&path, chain_leaf(chain), chain, b->c->trust))
        return;
    fail(&finding, E_TRUST_NO_PATH,
         "the %s's %s '%s' reaches none of the %s's %zu anchor%s", side_name(stand->side),
         words != NULL ? words : "leaf",
         chain->n > 0 ? cert_issued_to(chain_leaf(chain)) : "", side_name(b->c->self),
         anchors, anchors == 1 ? "" : "s");
    bench_tell(out, stand, &finding);
}

static void peer_reaches_our_anchor(const struct bench *b, struct report *out)
{
    for (size_t i = 0; i < b->stands; i++)
        if (b->stand[i].side == b->other && !peer_is_pinned(b))
            reaches_our_anchor(b, &b->stand[i], out);
}

/* The leaf of that side in ladder k. */
static const struct stand *stand_of(const struct bench *b, enum side side, size_t k)
{
    const struct stand *stand = &b->stand[0];

    while (stand->side != side)
        stand++;
    return stand->use == LEAF_BOTH ? stand : stand + k;
}

static void ladders_agree(const struct bench *b, struct report *out)
{
    for (size_t k = 0; k < b->ladders && !peer_is_pinned(b); k++) {
        scoped(report_clear) struct report found = {0};
        const char *source = leaf_use_words(stand_of(b, SIDE_SOURCE, k)->use);
        const char *target = leaf_use_words(stand_of(b, SIDE_TARGET, k)->use);
        char which[96];

        snprintf(which, sizeof(which), "the source's %s, the target's %s",
                 source != NULL ? source : "leaf", target != NULL ? target : "leaf");
        ladder_judge(&b->ladder[k], &found);
        for (size_t i = 0; i < found.n; i++)
            leaves_tell(out, b->ladders > 1 ? which : NULL, &found.item[i]);
    }
}

/* Two leaves of one side belong together, or are not accepted at all. */
static void leaves_belong_together(const struct bench *b, struct report *out)
{
    static const enum side sides[] = {SIDE_SOURCE, SIDE_TARGET};

    for (size_t k = 0; k < COUNT(sides); k++) {
        scoped(report_clear) struct report found = {0};

        leaves_judge(sides[k] == SIDE_SOURCE ? &b->c->source : &b->c->target, b->c->policy,
                     occasion_of(b, sides[k]), &found);
        for (size_t i = 0; i < found.n; i++) {
            found.item[i].side = sides[k];
            report_add(out, &found.item[i]);
        }
    }
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

static void nothing_is_revoked(const struct bench *b, struct report *out)
{
    for (size_t k = 0; k < b->ladders && b->c->crls != NULL; k++) {
        scoped(report_clear) struct report found = {0};

        revocation_judge(&b->ladder[k], b->c->crls, b->c->demands.require_revocation,
                         b->c->now, &found);
        for (size_t i = 0; i < found.n; i++)
            bench_tell(out, stand_of(b, found.item[i].side, k), &found.item[i]);
    }
}

/* No leaf of the one is a leaf of the other, whatever they are for. */
static void identities_differ(const struct bench *b, struct report *out)
{
    for (size_t i = 0; i < b->stands; i++) {
        for (size_t k = 0; k < b->stands; k++) {
            const struct chain *source = b->stand[i].chain, *target = b->stand[k].chain;
            struct error finding = {0};

            if (b->stand[i].side != SIDE_SOURCE || b->stand[k].side != SIDE_TARGET ||
                source->n == 0 || target->n == 0 ||
                !digest_equal(&chain_leaf(source)->spki_sha256,
                              &chain_leaf(target)->spki_sha256))
                continue;
            fail_at(&finding, E_SAME_IDENTITY, 0, "a leaf of both holds the key of '%s'",
                    cert_issued_to(chain_leaf(source)));
            finding.side = SIDE_BOTH;
            leaves_tell(out, NULL, &finding);
        }
    }
}

/* Only what was dialled has a name to be compared: of two leaves the server's. */
static void peer_has_the_name(const struct bench *b, struct report *out)
{
    const struct stand *stand = stand_of(b, b->other, 0);
    const struct chain *peer = stand->chain;
    char names[CERT_TEXT_MAX];
    struct error finding = {0};
    bool by_cn = false, good;

    if (b->c->peer_name == NULL || peer->n == 0)
        return;
    good = cert_is_for(chain_leaf(peer), b->c->peer_name, &by_cn);
    if (good && !by_cn)
        return;
    cert_san_text(names, sizeof(names), chain_leaf(peer));
    fail_at(&finding, good ? E_PEER_NAME_BY_CN : E_PEER_NAME, 0,
            "'%s' was asked for; the leaf is for '%s'%s%s", b->c->peer_name,
            cert_issued_to(chain_leaf(peer)), names[0] != '\0' ? ": " : "", names);
    finding.severity = good ? SEVERITY_WARNING : SEVERITY_ERROR;
    bench_tell(out, stand, &finding);
}

/* The conditions of design 5, in the order they are told. */
static void (*const conditions[])(const struct bench *b, struct report *out) = {
    handshake_is_fresh,
    key_exchange_is_post_quantum,
    peer_has_proven_its_leaf,
    leaves_belong_together,
    peer_has_a_pinned_key,
    peer_reaches_our_anchor,
    ladders_agree,
    clocks_agree,
    valid_by_both_clocks,
    nothing_expires_meanwhile,
    identities_differ,
    peer_has_the_name,
    nothing_is_revoked,
};

/* A pin stands for the chain above the leaf. */
static bool pin_replaces(const struct error *finding)
{
    const char *rule = message_of(finding->msg)->rule;

    return rule != NULL && text_equal(rule, "complete");
}

static void judge_chain(const struct bench *b, const struct stand *stand,
                        struct report *out)
{
    scoped(report_clear) struct report found = {0};
    const struct judged judged = {.chain = stand->chain,
                                  .policy = b->c->policy,
                                  .occasion = occasion_of(b, stand->side),
                                  .now = b->c->now,
                                  .use = stand->use,
                                  .order = stand->order};

    rules_judge(&judged, &found);
    for (size_t i = 0; i < found.n; i++)
        if (!peer_is_pinned(b) || !pin_replaces(&found.item[i]))
            bench_tell(out, stand, &found.item[i]);
    out->dropped += found.dropped;
}

/* Each leaf of a side, the presented one first. */
static void lay_stands(struct bench *b, enum side side, const struct leaves *leaves)
{
    const bool split = leaves_are_split(leaves);
    const bool calls = leaf_use_of(side) == LEAF_CLIENT;

    for (size_t k = 0; k < (split ? 2 : 1); k++) {
        const struct ladder *ladder = &b->ladder[k];
        const bool is_client = calls == (k == 0);

        b->stand[b->stands++] = (struct stand){
            .side = side,
            .use = !split      ? LEAF_BOTH
                   : is_client ? LEAF_CLIENT
                               : LEAF_SERVER,
            .chain = is_client ? leaves->client : leaves->server,
            .order = side == SIDE_SOURCE ? &ladder->source.order : &ladder->target.order};
    }
}

static void bench_lay(struct bench *b)
{
    const struct comparison *c = b->c;

    b->ladders = leaves_are_split(&c->source) || leaves_are_split(&c->target) ? 2 : 1;
    ladder_lay(&b->ladder[0], c->source.client, c->target.server, c->self, c->trust);
    if (b->ladders > 1)
        ladder_lay(&b->ladder[1], c->source.server, c->target.client, c->self, c->trust);
    lay_stands(b, SIDE_SOURCE, &c->source);
    lay_stands(b, SIDE_TARGET, &c->target);
}

void verdict_judge(struct report *out, const struct comparison *comparison)
{
    bool is_source = comparison->self == SIDE_SOURCE;
    struct bench bench = {.c = comparison,
                          .peer = is_source ? &comparison->target : &comparison->source,
                          .other = is_source ? SIDE_TARGET : SIDE_SOURCE};

    bench_lay(&bench);
    for (size_t i = 0; i < bench.stands; i++)
        judge_chain(&bench, &bench.stand[i], out);
    for (size_t i = 0; i < COUNT(conditions); i++)
        conditions[i](&bench, out);
}

void verdict_merge(struct report *out, const struct report *more)
{
    for (size_t i = 0; i < more->n; i++) {
        struct error *same = report_same(out, &more->item[i]);

        if (same == NULL)
            report_add(out, &more->item[i]);
        else if (more->item[i].severity < same->severity)
            *same = more->item[i];
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

bool verdict_preflight(struct report *out, const struct leaves *source,
                       const struct leaves *target, enum policy policy,
                       const struct demands *demands, time_t now, struct error *err)
{
    static const enum side eyes[] = {SIDE_SOURCE, SIDE_TARGET};

    for (size_t i = 0; i < COUNT(eyes); i++) {
        scoped(report_clear) struct report seen = {0};
        scoped(trust_clear) struct trust trust = {0};
        const struct comparison comparison = {.self = eyes[i],
                                              .offline = true,
                                              .source = *source,
                                              .target = *target,
                                              .trust = &trust,
                                              .policy = policy,
                                              .now = now,
                                              .demands = *demands};

        if (!verdict_own_root(
                &trust, leaves_of_side(eyes[i] == SIDE_SOURCE ? source : target, eyes[i]),
                err))
            return false;
        verdict_judge(&seen, &comparison);
        verdict_merge(out, &seen);
    }
    return true;
}

time_t verdict_not_after(const struct leaves *source, const struct leaves *target)
{
    const struct chain *chains[] = {source->client, source->server, target->server,
                                    target->client};
    time_t first = 0;

    for (size_t k = 0; k < COUNT(chains); k++)
        for (size_t i = 0; i < chains[k]->n; i++)
            if (first == 0 || chains[k]->cert[i].not_after.at < first)
                first = chains[k]->cert[i].not_after.at;
    return first;
}
