/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which ways lead from a certificate to an anchor: depth first over certificates in no
 * order, by name and signature. One engine for a peer's chain (path_build) and for `chain
 * verify` (certs/validate.h). Bounded whatever it is given: each pair of certificates is
 * compared and verified once, at most PATH_TRIES signatures, at most PATH_STEPS steps.
 */
#pragma once

#include "certs/chain.h"
#include "certs/trust.h"

#define PATH_TRIES 1024
#define PATH_STEPS 20000

struct path {
    size_t n;
    const struct cert *cert[CHAIN_MAX + 1]; /* leaf first, anchor last */
};

/* What a step upwards asks for. The weaker ones are for finding out why there is no way. */
enum path_links {
    LINKS_FIT,    /* signed, and the issuer may issue: CA, key usage, pathLen, algorithm */
    LINKS_SIGNED, /* signed by a key of that name */
    LINKS_NAMED   /* the name alone */
};

/* A walk in progress. Borrows the certificates. */
struct path_walk {
    const struct chain *others, *anchors;
    enum path_links links;
    struct path branch;
    size_t next[CHAIN_MAX + 1]; /* the candidate to try above each rung, anchors first */
    unsigned char *known;       /* what is known of each pair, on the heap */
    unsigned tries, steps;
    bool given_up;        /* a limit was met: there may be more */
    struct path furthest; /* the longest branch so far that ends at no anchor */
};

void path_walk_begin(struct path_walk *out, const struct cert *leaf,
                     const struct chain *others, const struct chain *anchors);
/* From the start again, with other demands; what is known stays known. */
void path_walk_again(struct path_walk *walk, enum path_links links);
/* The next way to an anchor; false when there is none left. */
bool path_walk_next(struct path *out, struct path_walk *walk);
void path_walk_clear(struct path_walk *walk);

/* Certificates above the leaf and below the last that pathLenConstraint counts. */
unsigned path_intermediates(const struct path *path);

/*
 * Build a path from `leaf` over certificates of `others` to an anchor, each link fit and
 * all names within their constraints. False with nothing found: *out is empty.
 */
bool path_build(struct path *out, const struct cert *leaf, const struct chain *others,
                const struct trust *trust);
