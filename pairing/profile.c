/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/profile.h"

#include "base/text.h"

static bool leaf_make(struct profile_leaf *out, const struct cert *leaf, struct span vouch,
                      struct error *err)
{
    out->der = buf_upto(CERT_DER_MAX);
    out->vouch = buf_upto(KEY_SIGNATURE_MAX);
    out->spki_sha256 = leaf->spki_sha256;
    return buf_add(&out->der, buf_span(&leaf->der), err) &&
           buf_add(&out->vouch, vouch, err);
}

bool profile_make(struct profile *out, enum side role, const struct leaves *own,
                  enum policy policy, int64_t clock_ms, struct error *err)
{
    out->role = role;
    out->version_min = out->version_max = PROTOCOL_VERSION;
    out->policy = policy;
    out->clock_ms = clock_ms;
    (void)text_fits(out->product, "pairgate");
    return leaf_make(&out->server, chain_leaf(own->server), own->server_vouch, err) &&
           leaf_make(&out->client, chain_leaf(own->client), own->client_vouch, err);
}

bool profile_check(const struct profile *theirs, enum side expected,
                   const struct chain *presented, struct error *err)
{
    const struct profile_leaf *proven =
        expected == SIDE_SOURCE ? &theirs->client : &theirs->server;

    if (theirs->role != expected)
        return fail(err, E_PAIR_ROLE, "the peer says it is the %s",
                    side_name(theirs->role));
    if (theirs->version_min > PROTOCOL_VERSION || theirs->version_max < PROTOCOL_VERSION)
        return fail(err, E_PAIR_VERSION, "the peer speaks versions %u to %u, this side %d",
                    theirs->version_min, theirs->version_max, PROTOCOL_VERSION);
    if (presented->n == 0 ||
        !span_equal(buf_span(&proven->der), buf_span(&chain_leaf(presented)->der)))
        return fail(err, E_PAIR_LEAF,
                    "the leaf in the hello is not the one of the connection");
    return true;
}

bool profile_leaves(struct leaves *out, struct chain *other, const struct profile *profile,
                    const struct chain *presented, struct error *err)
{
    const bool calls = leaf_use_of(profile->role) == LEAF_CLIENT;

    *out = leaves_one(presented);
    if (span_equal(buf_span(&profile->server.der), buf_span(&profile->client.der)))
        return true;
    if (!leaves_over(other, buf_span(calls ? &profile->server.der : &profile->client.der),
                     presented, err))
        return false;
    chain_remember(other, presented);
    *out = (struct leaves){.server = calls ? other : presented,
                           .client = calls ? presented : other,
                           .server_vouch = buf_span(&profile->server.vouch),
                           .client_vouch = buf_span(&profile->client.vouch)};
    return true;
}

void profile_clear(struct profile *profile)
{
    buf_clear(&profile->server.der);
    buf_clear(&profile->server.vouch);
    buf_clear(&profile->client.der);
    buf_clear(&profile->client.vouch);
    *profile = (struct profile){0};
}
