/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules about the path as a whole: what is in the file and how it hangs together. */
#include "certs/judging.h"

#include <stdio.h>

void judge_order(struct judging *judging)
{
    char list[256];
    size_t at = 0;

    if (judging->order->ascending || judging->in->chain->from_pkcs7)
        return;
    for (size_t i = 0; i < judging->n && at < sizeof(list); i++)
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%zu", i > 0 ? ", " : "",
                               judging->order->path[i] + 1);
    found(judging, E_CHAIN_ORDER, NO_RUNG, "the right order is certificate %s%s", list,
          at < sizeof(list) ? "" : "...");
}

/* What counts for the depth: the path, or the whole file when there is a gap in it. */
static size_t depth_of(const struct judging *judging)
{
    size_t distinct = 0;

    if (judging->order->complete)
        return judging->n;
    for (size_t i = 0; i < judging->in->chain->n; i++)
        distinct += !judging->order->duplicate[i];
    return distinct;
}

void judge_depth(struct judging *judging)
{
    size_t depth = depth_of(judging);

    if (depth > CHAIN_MAX)
        found(judging, E_CHAIN_DEPTH, NO_RUNG, "%zu certificates, root included", depth);
}

void judge_complete(struct judging *judging)
{
    const struct cert *top = judging->rung[judging->n - 1];

    if (!judging->order->complete)
        found(judging, E_ISSUER_MISSING, judging->n - 1,
              "%s was issued by %s, which is not there", cert_issued_to(top),
              top->issuer_text);
    else if (judging->n == 1)
        found(judging, E_LEAF_SELF_SIGNED, 0, "%s", cert_issued_to(top));
}

void judge_extra(struct judging *judging)
{
    const struct chain *chain = judging->in->chain;
    const struct chain_order *order = judging->order;

    if (chain->n > 1)
        found(judging, E_SINGLE_SEVERAL, NO_RUNG, "%zu certificates", chain->n);
    for (size_t i = 0; i < chain->n; i++) {
        const struct cert *cert = &chain->cert[i];

        if (!order->extra[i])
            continue;
        if (order->duplicate[i])
            found(judging, E_CHAIN_DUPLICATE, NO_RUNG, "certificate %zu, %s", i + 1,
                  cert_issued_to(cert));
        else if (!cert->ca)
            found(judging, E_CHAIN_SECOND_LEAF, NO_RUNG,
                  "certificate %zu, %s, beside the leaf %s", i + 1, cert_issued_to(cert),
                  cert_issued_to(judging->rung[0]));
        else if (order->complete) /* else it may belong above the gap */
            found(judging, E_CHAIN_EXTRA, NO_RUNG, "certificate %zu, %s, issued by %s",
                  i + 1, cert_issued_to(cert), cert_issued_by(cert));
    }
}

/* Where the algorithm or the key is none we know, `algorithm` says so. */
static bool can_be_checked(const struct cert *cert, const struct cert *issuer)
{
    return cert->signed_with != SIGNATURE_UNKNOWN && cert->signed_with != SIGNATURE_MD2 &&
           issuer->key != KEY_UNKNOWN;
}

void judge_signature(struct judging *judging)
{
    size_t last = judging->n - 1;

    for (size_t i = 0; i < last; i++)
        if (!judging->order->verified[i] &&
            can_be_checked(judging->rung[i], judging->rung[i + 1]))
            found(judging, E_LINK_SIGNATURE, i, "%s does not verify under the %s key of %s",
                  cert_issued_to(judging->rung[i]), cert_key_name(judging->rung[i + 1]),
                  cert_issued_to(judging->rung[i + 1]));
    if (judging->order->complete && !judging->order->verified[last] &&
        can_be_checked(judging->rung[last], judging->rung[last]))
        found(judging, E_ROOT_SIGNATURE, last, "%s does not verify under its own %s key",
              cert_issued_to(judging->rung[last]), cert_key_name(judging->rung[last]));
}
