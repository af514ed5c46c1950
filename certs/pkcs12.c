/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/pkcs12.h"

#include "base/mem.h"
#include "certs/pem.h"

#include <stdlib.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/pkcs12.h>

/* What wolfCrypt hands out, on its own heap. */
struct parts {
    WC_PKCS12 *pkcs12;
    byte *key, *leaf;
    word32 key_n, leaf_n;
    WC_DerCertList *issuers;
};

static void parts_clear(struct parts *parts)
{
    if (parts->key != NULL)
        mem_wipe(parts->key, parts->key_n);
    XFREE(parts->key, NULL, DYNAMIC_TYPE_PUBLIC_KEY);
    XFREE(parts->leaf, NULL, DYNAMIC_TYPE_PKCS);
    wc_FreeCertList(parts->issuers, NULL);
    wc_PKCS12_free(parts->pkcs12);
    *parts = (struct parts){0};
}

static bool take_key(struct key *out, const struct parts *parts, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);

    if (parts->key == NULL)
        return fail(err, E_PKCS12, "no private key in it");
    return pem_add(&pem, "PRIVATE KEY", span_of(parts->key, parts->key_n), err) &&
           key_from_pem(out, buf_span(&pem), err);
}

static bool take_chain(struct chain *out, const struct parts *parts, struct error *err)
{
    if (parts->leaf == NULL)
        return fail(err, E_PKCS12, "no certificate of the key in it");
    if (!chain_add_der(out, span_of(parts->leaf, parts->leaf_n), err))
        return false;
    for (const WC_DerCertList *at = parts->issuers; at != NULL; at = at->next) {
        if (out->n == CHAIN_READ_MAX)
            return fail(err, E_CHAIN_ENDLESS, "more than %d", CHAIN_READ_MAX);
        if (!chain_add_der(out, span_of(at->buffer, at->bufferSz), err))
            return false;
    }
    out->from_pkcs7 = true; /* no bag has an order */
    return true;
}

bool pkcs12_read(struct key *key, struct chain *chain, struct span file,
                 struct span passphrase, struct error *err)
{
    scoped(buf_clear) struct buf secret = buf_upto(passphrase.n + 1);
    scoped(parts_clear) struct parts parts = {.pkcs12 = wc_PKCS12_new()};
    int rc;

    /* RFC 7292 wants UTF-16 for the digest and wolfCrypt widens bytes: ASCII is both. */
    for (size_t i = 0; i < passphrase.n; i++)
        if (passphrase.at[i] == 0 || passphrase.at[i] >= 0x80)
            return fail(err, E_PKCS12, "its passphrase is not ASCII");
    if (!buf_add(&secret, passphrase, err) || !buf_add_byte(&secret, 0, err))
        return false;
    if (parts.pkcs12 == NULL || file.n > PKCS12_MAX ||
        wc_d2i_PKCS12(file.at, (word32)file.n, parts.pkcs12) != 0)
        return fail(err, E_PKCS12, "it is no PKCS#12");
    rc = wc_PKCS12_parse_ex(parts.pkcs12, (const char *)secret.at, &parts.key, &parts.key_n,
                            &parts.leaf, &parts.leaf_n, &parts.issuers, 1);
    if (rc == MAC_CMP_FAILED_E)
        return fail(err, E_PASSPHRASE, "its digest does not agree");
    if (rc != 0)
        return fail(err, E_PKCS12, "wolfCrypt error %d", rc);
    return take_key(key, &parts, err) && take_chain(chain, &parts, err);
}
