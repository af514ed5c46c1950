/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Paired, or every reason why not (docs/rules.md): the rules of certs/rules.h on both
 * chains and the conditions of the connection check, all judged by one function, live and
 * offline alike.
 */
#pragma once

#include "certs/crl_store.h"
#include "certs/rules.h"
#include "certs/trust.h"
#include "pairing/ladder.h"

#define CLOCK_SKEW_MAX 300 /* seconds between the two clocks: refused from here */
#define CLOCK_SKEW_NOTICE 30

#define PINS_MAX 8

/* What the administrator of one side asks beyond the policy; zeroed: nothing. */
struct demands {
    struct digest pin[PINS_MAX]; /* SHA-256 of the public keys a peer may have: replaces */
    size_t pins;                 /* trust, ladder-* and complete, and nothing else */
    bool require_pq;             /* a hybrid post-quantum key exchange */
    bool require_revocation;     /* a current list for every rung's issuer */
    int64_t duration;            /* seconds the migration may take; 0: not known */
};

/* What one side knows when it judges. All borrowed. */
struct comparison {
    enum side self;
    bool offline; /* preflight: two files, no connection */
    struct leaves source, target;
    const struct trust *trust; /* anchors of `self` */
    enum policy policy;        /* of `self` */
    time_t now;                /* the clock of `self` */
    bool has_peer_clock;
    int64_t skew_ms;              /* peer's clock minus ours, the round trip halved */
    const char *peer_name;        /* what was dialled or expected; NULL: not checked */
    bool fresh_tls13;             /* the connection is what tls.h promises */
    const char *group;            /* key exchange of the connection, or NULL */
    const struct held_crls *crls; /* lists `self` holds; NULL: revocation is not asked */
    struct demands demands;
};

/* All findings, each with its side, rung and severity. */
void verdict_judge(struct report *out, const struct comparison *comparison);
/* Both sides' findings as one list: what is the same on both stands once, as the stricter
 * says it. */
void verdict_merge(struct report *out, const struct report *more);
/* The anchors an offline judge has: the root of its own chain. */
must_check bool verdict_own_root(struct trust *out, const struct chain *own,
                                 struct error *err);
/* preflight: judged through both sides' eyes and merged. */
must_check bool verdict_preflight(struct report *out, const struct leaves *source,
                                  const struct leaves *target, enum policy policy,
                                  const struct demands *demands, time_t now,
                                  struct error *err);
/* The first notAfter among the certificates of both sides, whichever leaf they are for. */
time_t verdict_not_after(const struct leaves *source, const struct leaves *target);

/* The sentence of O-31, word for word, which heads every refused connection check. */
extern const char verdict_refusal[];
