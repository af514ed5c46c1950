/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a side says about itself in its hello (docs/protocol.md 2.1). */
#pragma once

#include "certs/leaves.h"
#include "certs/policy.h"

#define PROTOCOL_VERSION 1
#define PRODUCT_MAX 64

/* One leaf of the identity: an appliance may serve with one and call with another. */
struct profile_leaf {
    struct buf der;
    struct digest spki_sha256;
    struct buf vouch; /* signed by the other leaf's key (certs/leaves.h); perhaps empty */
};

struct profile {
    enum side role;
    unsigned version_min, version_max; /* of the protocol */
    enum policy policy;
    int64_t clock_ms; /* its wall clock when it spoke, milliseconds since 1970 */
    int64_t duration; /* source: seconds the migration may take; 0 when not known */
    char product[PRODUCT_MAX];
    struct profile_leaf server, client;
};

/* Our own profile. */
must_check bool profile_make(struct profile *out, enum side role, const struct leaves *own,
                             enum policy policy, int64_t clock_ms, struct error *err);
/*
 * What the peer says of its leaves must be what it proved: the leaf of its TLS role is the
 * one presented on this connection, and the versions overlap ours. Whether two leaves
 * belong together is for the verdict.
 */
must_check bool profile_check(const struct profile *theirs, enum side expected,
                              const struct chain *presented, struct error *err);
/*
 * The leaves of a profile that holds: `presented` begins with one of them; the other, if
 * there are two, is put over the same issuers into `other`. Borrows all three.
 */
must_check bool profile_leaves(struct leaves *out, struct chain *other,
                               const struct profile *profile, const struct chain *presented,
                               struct error *err);
void profile_clear(struct profile *profile);
