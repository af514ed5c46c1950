/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/path.h"

#include "certs/constraints.h"
#include "certs/name.h"

/* A search in progress; `path` is the branch being tried. */
struct search {
    struct path *path;
    const struct chain *others;
    const struct trust *trust;
    unsigned tries;
};

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

/* Intermediates on the branch so far that pathLenConstraint counts. */
static unsigned counted_below(const struct path *path)
{
    unsigned below = 0;

    for (size_t i = 1; i < path->n; i++)
        below += !cert_is_self_issued(path->cert[i]);
    return below;
}

static bool may_issue(const struct cert *issuer, const struct path *path)
{
    if (!issuer->ca || issuer->unknown_critical[0] != '\0')
        return false;
    if (issuer->has_ku && (issuer->ku & KU_KEY_CERT_SIGN) == 0)
        return false;
    return !issuer->has_path_length || counted_below(path) <= issuer->path_length;
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

/* `issuer` could stand above the last certificate of the branch, and its key signed it. */
static bool is_link(struct search *search, const struct cert *issuer)
{
    const struct cert *below = search->path->cert[search->path->n - 1];

    if (!name_is_equal(below->issuer, issuer->subject) || is_weak(below) ||
        !may_issue(issuer, search->path) || search->tries == PATH_TRIES)
        return false;
    search->tries++;
    return cert_is_signed_by(below, issuer);
}

/* An anchor above the branch that ends it, with all names within their constraints. */
static bool reach_anchor(struct search *search)
{
    struct path *path = search->path;

    for (size_t i = 0; i < search->trust->anchors.n; i++) {
        const struct cert *anchor = &search->trust->anchors.cert[i];
        struct error broken = {0};

        if (!is_link(search, anchor))
            continue;
        path->cert[path->n] = anchor;
        if (constraints_hold_along(path->cert, path->n + 1, &broken)) {
            path->n++;
            return true;
        }
    }
    return false;
}

/* Depth first, the anchors before the others; at most CHAIN_MAX levels. */
static bool climb(struct search *search)
{
    struct path *path = search->path;

    if (reach_anchor(search))
        return true;
    if (path->n == CHAIN_MAX)
        return false;
    for (size_t i = 0; i < search->others->n; i++) {
        const struct cert *issuer = &search->others->cert[i];

        if (is_on_path(issuer, path) || !is_link(search, issuer))
            continue;
        path->cert[path->n++] = issuer;
        if (climb(search))
            return true;
        path->n--;
    }
    return false;
}

bool path_build(struct path *out, const struct cert *leaf, const struct chain *others,
                const struct trust *trust)
{
    struct search search = {.path = out, .others = others, .trust = trust};

    *out = (struct path){.n = 1, .cert = {leaf}};
    if (leaf->unknown_critical[0] == '\0' && climb(&search))
        return true;
    *out = (struct path){0};
    return false;
}
