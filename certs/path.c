/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/path.h"

#include "base/mem.h"
#include "certs/constraints.h"
#include "certs/name.h"

#define BUILDS_MAX 16 /* paths whose names are held against their constraints */

enum known { UNKNOWN, NOT_NAMED, NAMED, SIGNED, NOT_SIGNED };

static bool is_weak(const struct cert *cert)
{
    switch (cert->signed_with) {
    case SIGNATURE_UNKNOWN:
    case SIGNATURE_MD2:
    case SIGNATURE_MD5:
    case SIGNATURE_SHA1:
        return true;
    case SIGNATURE_RSA_SHA2:
    case SIGNATURE_RSA_PSS:
    case SIGNATURE_ECDSA_SHA2:
    case SIGNATURE_ED25519:
        return false;
    }
    return true;
}

/* Those of the branch above its leaf: what an issuer above it has below itself. */
static unsigned counted_below(const struct path *path)
{
    unsigned below = 0;

    for (size_t i = 1; i < path->n; i++)
        below += !cert_is_self_issued(path->cert[i]);
    return below;
}

unsigned path_intermediates(const struct path *path)
{
    unsigned n = 0;

    for (size_t i = 1; i + 1 < path->n; i++)
        n += !cert_is_self_issued(path->cert[i]);
    return n;
}

static bool may_issue(const struct cert *issuer, const struct path *branch)
{
    if (!issuer->ca || issuer->unknown_critical[0] != '\0')
        return false;
    if (issuer->has_ku && (issuer->ku & KU_KEY_CERT_SIGN) == 0)
        return false;
    return !issuer->has_path_length || counted_below(branch) <= issuer->path_length;
}

/* RFC 5280 6.1 has no certificate twice on a path; the same name and key is as good as. */
static bool is_on_path(const struct cert *cert, const struct path *path)
{
    for (size_t i = 0; i < path->n; i++)
        if (digest_equal(&path->cert[i]->spki_sha256, &cert->spki_sha256) &&
            name_is_equal(path->cert[i]->subject, cert->subject))
            return true;
    return false;
}

static size_t candidates_of(const struct path_walk *walk)
{
    return walk->anchors->n + walk->others->n;
}

static const struct cert *candidate_of(const struct path_walk *walk, size_t i)
{
    return i < walk->anchors->n ? &walk->anchors->cert[i]
                                : &walk->others->cert[i - walk->anchors->n];
}

/* Row of a certificate of the branch: the leaf's is the first, then those of `others`. */
static size_t row_of(const struct path_walk *walk, const struct cert *cert)
{
    return cert == walk->branch.cert[0] ? 0 : (size_t)(cert - walk->others->cert) + 1;
}

static bool is_named(unsigned char *known, const struct cert *below,
                     const struct cert *issuer)
{
    if (*known == UNKNOWN)
        *known = name_is_equal(below->issuer, issuer->subject) ? NAMED : NOT_NAMED;
    return *known != NOT_NAMED;
}

static bool is_signed(struct path_walk *walk, unsigned char *known,
                      const struct cert *below, const struct cert *issuer)
{
    if (*known == NAMED) {
        if (walk->tries == PATH_TRIES) {
            walk->given_up = true;
            return false;
        }
        walk->tries++;
        *known = cert_is_signed_by(below, issuer) ? SIGNED : NOT_SIGNED;
    }
    return *known == SIGNED;
}

/* Candidate i could stand above the last certificate of the branch. */
static bool is_link(struct path_walk *walk, size_t i)
{
    const struct path *branch = &walk->branch;
    const struct cert *below = branch->cert[branch->n - 1], *issuer = candidate_of(walk, i);
    unsigned char *known = &walk->known[row_of(walk, below) * candidates_of(walk) + i];

    if (!is_named(known, below, issuer))
        return false;
    /* Only a leaf may stand below itself: as an anchor that it is. */
    if ((i >= walk->anchors->n || branch->n > 1) && is_on_path(issuer, branch))
        return false;
    switch (walk->links) {
    case LINKS_FIT:
        return !is_weak(below) && may_issue(issuer, branch) &&
               is_signed(walk, known, below, issuer);
    case LINKS_SIGNED:
        return is_signed(walk, known, below, issuer);
    case LINKS_NAMED:
        return true;
    }
    return false;
}

void path_walk_begin(struct path_walk *out, const struct cert *leaf,
                     const struct chain *others, const struct chain *anchors)
{
    *out = (struct path_walk){.others = others, .anchors = anchors};
    out->known = mem_zeroed((others->n + 1) * candidates_of(out), 1);
    out->branch.cert[0] = leaf;
    out->furthest = (struct path){.n = 1, .cert = {leaf}};
    path_walk_again(out, LINKS_FIT);
}

void path_walk_again(struct path_walk *walk, enum path_links links)
{
    walk->links = links;
    walk->steps = 0;
    walk->branch.n = 1;
    walk->next[0] = 0;
}

/* The next candidate that fits above the branch. */
static bool step(size_t *found, struct path_walk *walk)
{
    size_t *next = &walk->next[walk->branch.n - 1];

    while (*next < candidates_of(walk)) {
        *found = (*next)++;
        if (*found >= walk->anchors->n && walk->branch.n == CHAIN_MAX)
            break; /* only an anchor may stand there */
        if (is_link(walk, *found))
            return true;
    }
    return false;
}

static void note_furthest(struct path_walk *walk)
{
    if (walk->links != LINKS_NAMED && walk->branch.n > walk->furthest.n)
        walk->furthest = walk->branch;
}

bool path_walk_next(struct path *out, struct path_walk *walk)
{
    struct path *branch = &walk->branch;
    size_t found = 0;

    while (branch->n > 0) {
        if (walk->steps == PATH_STEPS) {
            walk->given_up = true;
            return false;
        }
        walk->steps++;
        if (!step(&found, walk)) {
            note_furthest(walk);
            branch->n--;
            continue;
        }
        if (found < walk->anchors->n) {
            *out = *branch;
            out->cert[out->n++] = candidate_of(walk, found);
            return true;
        }
        branch->cert[branch->n] = candidate_of(walk, found);
        walk->next[branch->n++] = 0;
    }
    return false;
}

void path_walk_clear(struct path_walk *walk)
{
    mem_free(walk->known);
    *walk = (struct path_walk){0};
}

bool path_build(struct path *out, const struct cert *leaf, const struct chain *others,
                const struct trust *trust)
{
    scoped(path_walk_clear) struct path_walk walk = {0};

    *out = (struct path){0};
    if (leaf->unknown_critical[0] != '\0')
        return false;
    path_walk_begin(&walk, leaf, others, &trust->anchors);
    for (unsigned i = 0; i < BUILDS_MAX && path_walk_next(out, &walk); i++) {
        struct error broken = {0};

        if (constraints_hold_along(out->cert, out->n, &broken))
            return true;
    }
    *out = (struct path){0};
    return false;
}
