/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The path through a file of certificates, whatever order they stand in. */
#include "certs/chain.h"
#include "certs/name.h"

/* Signatures checked for one chain: enough for every honest one, and an end for the rest.
 */
#define LINK_TRIES 512

struct laying {
    const struct chain *chain;
    struct chain_order *order;
    bool taken[CHAIN_READ_MAX];
    unsigned tries;
};

static bool try_link(struct laying *laying, size_t child, size_t issuer)
{
    if (laying->tries == LINK_TRIES)
        return false;
    laying->tries++;
    return cert_is_signed_by(&laying->chain->cert[child], &laying->chain->cert[issuer]);
}

static bool is_named_issuer(const struct chain *chain, size_t issuer, size_t child)
{
    return name_is_equal(chain->cert[child].issuer, chain->cert[issuer].subject);
}

static void find_duplicates(struct chain_order *order, const struct chain *chain)
{
    for (size_t i = 1; i < chain->n; i++)
        for (size_t k = 0; k < i && !order->duplicate[i]; k++)
            order->duplicate[i] =
                digest_equal(&chain->cert[i].sha256, &chain->cert[k].sha256);
}

/* Some other certificate names this one as its issuer. */
static bool has_child(const struct chain *chain, size_t issuer)
{
    const struct digest *own = &chain->cert[issuer].sha256;

    for (size_t i = 0; i < chain->n; i++)
        if (i != issuer && is_named_issuer(chain, issuer, i) &&
            !cert_is_self_issued(&chain->cert[i]) &&
            !digest_equal(own, &chain->cert[i].sha256))
            return true;
    return false;
}

static size_t find_leaf(const struct chain *chain)
{
    size_t childless = chain->n;

    for (size_t i = 0; i < chain->n; i++) {
        if (has_child(chain, i))
            continue;
        if (!chain->cert[i].ca)
            return i;
        if (childless == chain->n)
            childless = i;
    }
    return childless < chain->n ? childless : 0;
}

/* Of two issuers that both verify: the self-signed one, then the one that lasts longer. */
static bool is_better(const struct cert *candidate, const struct cert *than)
{
    bool a = cert_is_self_issued(candidate), b = cert_is_self_issued(than);

    if (a != b)
        return a;
    return candidate->not_after.at > than->not_after.at;
}

/* Candidates for the issuer of `child`, in file order. */
static size_t find_candidates(size_t out[CHAIN_READ_MAX], const struct laying *laying,
                              size_t child)
{
    const struct chain *chain = laying->chain;
    size_t n = 0;

    for (size_t i = 0; i < chain->n; i++)
        if (!laying->taken[i] && !laying->order->duplicate[i] &&
            is_named_issuer(chain, i, child))
            out[n++] = i;
    return n;
}

/* The issuer of `child` among the others; chain->n when there is none. */
static size_t find_issuer(struct laying *laying, size_t child, bool *verified)
{
    const struct chain *chain = laying->chain;
    size_t candidate[CHAIN_READ_MAX];
    size_t n = find_candidates(candidate, laying, child), best = chain->n;

    *verified = false;
    for (size_t i = 0; i < n; i++) {
        const struct cert *one = &chain->cert[candidate[i]];

        if (!try_link(laying, child, candidate[i]))
            continue;
        if (!*verified || is_better(one, &chain->cert[best]))
            best = candidate[i];
        *verified = true;
    }
    if (*verified || n == 0)
        return best;
    /* None verifies: the name alone, so that `signature` tells it and not `complete`. */
    return candidate[0];
}

static void climb(struct laying *laying, size_t at)
{
    const struct chain *chain = laying->chain;
    struct chain_order *order = laying->order;

    for (;;) {
        size_t rung = order->n++, above;
        bool verified = false;

        order->path[rung] = at;
        laying->taken[at] = true;
        if (cert_is_self_issued(&chain->cert[at]) && try_link(laying, at, at)) {
            order->verified[rung] = true;
            order->complete = true;
            return;
        }
        above = find_issuer(laying, at, &verified);
        /* Issued to itself, not signed by itself, and by nothing else here: a broken root.
         */
        if (cert_is_self_issued(&chain->cert[at]) && !verified) {
            order->complete = true;
            return;
        }
        if (above == chain->n)
            return;
        order->verified[rung] = verified;
        at = above;
    }
}

void chain_lay_order(struct chain_order *out, const struct chain *chain)
{
    struct laying laying = {.chain = chain, .order = out};

    *out = (struct chain_order){0};
    if (chain->n == 0)
        return;
    find_duplicates(out, chain);
    climb(&laying, find_leaf(chain));
    for (size_t i = 0; i < chain->n; i++)
        out->extra[i] = !laying.taken[i];
    out->ascending = true;
    for (size_t i = 1; i < out->n; i++)
        out->ascending = out->ascending && out->path[i] > out->path[i - 1];
    out->as_given = out->ascending && out->path[out->n - 1] == out->n - 1;
}
