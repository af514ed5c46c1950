/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/credentials.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* The string is parts, each a header and n bytes, mostly of DER. */
enum part_kind {
    PART_RUNG,
    PART_CLIENT_RUNG,
    PART_SERVER_VOUCH,
    PART_CLIENT_VOUCH,
    PART_ANCHOR,
    PART_OWN_ANCHOR,
    PART_CRL
};

struct part {
    enum part_kind kind;
    unsigned number; /* PART_RUNG: of the identity */
    size_t n;
    struct digest issuer_key; /* PART_CRL, like the next */
    char issuer_text[CERT_TEXT_MAX];
};

bool credentials_load(struct credentials *out, int state, struct error *err)
{
    return identity_load(&out->identity, state, true, err) &&
           trust_load(&out->trust, state, err) && crl_store_load(&out->crls, state, err);
}

static bool put(struct buf *out, struct part *part, struct span der, struct error *err)
{
    part->n = der.n;
    return buf_add(out, span_of(part, sizeof(*part)), err) && buf_add(out, der, err);
}

static bool put_plain(struct buf *out, enum part_kind kind, unsigned number,
                      struct span bytes, struct error *err)
{
    struct part part;

    memset(&part, 0, sizeof(part)); /* padding too: it crosses a process boundary */
    part.kind = kind;
    part.number = number;
    return put(out, &part, bytes, err);
}

static bool put_chain(struct buf *out, enum part_kind kind, unsigned number,
                      const struct chain *chain, struct error *err)
{
    for (size_t i = 0; i < chain->n; i++)
        if (!put_plain(out, kind, number, buf_span(&chain->cert[i].der), err))
            return false;
    return true;
}

static bool put_identity(struct buf *out, const struct identity *identity,
                         struct error *err)
{
    const unsigned number = identity->number;

    return put_chain(out, PART_RUNG, number, &identity->chain, err) &&
           put_chain(out, PART_CLIENT_RUNG, number, &identity->client_chain, err) &&
           put_plain(out, PART_SERVER_VOUCH, number, buf_span(&identity->server_vouch),
                     err) &&
           put_plain(out, PART_CLIENT_VOUCH, number, buf_span(&identity->client_vouch),
                     err);
}

static bool put_crl(struct buf *out, const struct held_crl *held, struct error *err)
{
    struct part part;

    memset(&part, 0, sizeof(part));
    part.kind = PART_CRL;
    part.issuer_key = held->issuer_key;
    (void)text_fits(part.issuer_text, held->issuer_text);
    return put(out, &part, buf_span(&held->crl.der), err);
}

bool credentials_pack(struct buf *out, const struct credentials *from, struct error *err)
{
    const struct chain *anchors = &from->trust.anchors;

    if (!put_identity(out, &from->identity, err))
        return false;
    for (size_t i = 0; i < anchors->n; i++)
        if (!put_plain(out, i < from->trust.imported ? PART_ANCHOR : PART_OWN_ANCHOR, 0,
                       buf_span(&anchors->cert[i].der), err))
            return false;
    for (size_t i = 0; i < from->crls.n; i++)
        if (!put_crl(out, &from->crls.item[i], err))
            return false;
    return true;
}

static bool take_anchor(struct trust *out, bool imported, struct span der,
                        struct error *err)
{
    struct chain *all = &out->anchors;

    all->cert = mem_resize(all->cert, all->n + 1, sizeof(*all->cert));
    all->cert[all->n] = (struct cert){0};
    if (!cert_parse(&all->cert[all->n++], der, err))
        return false;
    out->imported += imported;
    return true;
}

static bool take_crl(struct held_crls *out, const struct part *part, struct span der,
                     struct error *err)
{
    struct held_crl *held;

    out->item = mem_resize(out->item, out->n + 1, sizeof(*out->item));
    held = &out->item[out->n++];
    *held = (struct held_crl){.issuer_key = part->issuer_key};
    (void)text_fits(held->issuer_text, part->issuer_text);
    return crl_parse(&held->crl, der, err);
}

static bool take_vouch(struct buf *out, struct span vouch, struct error *err)
{
    *out = buf_upto(KEY_SIGNATURE_MAX);
    return buf_add(out, vouch, err);
}

static bool take_part(struct credentials *out, const struct part *part, struct span der,
                      struct error *err)
{
    switch (part->kind) {
    case PART_RUNG:
        out->identity.number = part->number;
        return chain_add_der(&out->identity.chain, der, err);
    case PART_CLIENT_RUNG:
        return chain_add_der(&out->identity.client_chain, der, err);
    case PART_SERVER_VOUCH:
        return take_vouch(&out->identity.server_vouch, der, err);
    case PART_CLIENT_VOUCH:
        return take_vouch(&out->identity.client_vouch, der, err);
    case PART_ANCHOR:
        return take_anchor(&out->trust, true, der, err);
    case PART_OWN_ANCHOR:
        return take_anchor(&out->trust, false, der, err);
    case PART_CRL:
        return take_crl(&out->crls, part, der, err);
    }
    return fail(err, E_SUPERVISOR, "credentials with an unknown part");
}

/* The public keys, and what is verified once for all connections. */
static bool complete(struct identity *identity, struct error *err)
{
    const struct chain *client = &identity->client_chain;

    if (identity->chain.n == 0)
        return fail(err, E_SUPERVISOR, "credentials without an identity");
    chain_remember(&identity->chain, &(struct chain){0});
    chain_remember(&identity->client_chain, &identity->chain);
    return key_from_spki(&identity->key, chain_leaf(&identity->chain)->spki, err) &&
           (client->n == 0 ||
            key_from_spki(&identity->client_key, chain_leaf(client)->spki, err));
}

bool credentials_unpack(struct credentials *out, struct span packed, struct error *err)
{
    while (packed.n > 0) {
        struct part part;

        if (packed.n < sizeof(part))
            return fail(err, E_SUPERVISOR, "credentials that are cut off");
        memcpy(&part, packed.at, sizeof(part));
        packed = span_after(packed, sizeof(part));
        if (packed.n < part.n)
            return fail(err, E_SUPERVISOR, "credentials that are cut off");
        if (!take_part(out, &part, span_head(packed, part.n), err))
            return false;
        packed = span_after(packed, part.n);
    }
    return complete(&out->identity, err);
}

void credentials_clear(struct credentials *credentials)
{
    identity_clear(&credentials->identity);
    trust_clear(&credentials->trust);
    held_crls_clear(&credentials->crls);
    *credentials = (struct credentials){0};
}
