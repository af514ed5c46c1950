/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/pkcs12.h"

#include "base/mem.h"
#include "certs/pem.h"
#include "certs/pkcs12_mac.h"

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

static bool parse(struct parts *out, struct span file, struct span passphrase,
                  struct error *err)
{
    scoped(buf_clear) struct buf secret = buf_upto(passphrase.n + 1);
    int rc;

    if (!buf_add(&secret, passphrase, err) || !buf_add_byte(&secret, 0, err))
        return false;
    out->pkcs12 = wc_PKCS12_new();
    if (out->pkcs12 == NULL || file.n > PKCS12_MAX ||
        wc_d2i_PKCS12(file.at, (word32)file.n, out->pkcs12) != 0)
        return fail(err, E_PKCS12, "it is no PKCS#12");
    rc = wc_PKCS12_parse_ex(out->pkcs12, (const char *)secret.at, &out->key, &out->key_n,
                            &out->leaf, &out->leaf_n, &out->issuers, 1);
    if (rc == MAC_CMP_FAILED_E)
        return fail(err, E_PASSPHRASE, "its digest does not agree");
    return rc == 0 || fail(err, E_PKCS12, "wolfCrypt error %d", rc);
}

static bool is_ascii(struct span passphrase)
{
    for (size_t i = 0; i < passphrase.n; i++)
        if (passphrase.at[i] == 0 || passphrase.at[i] >= 0x80)
            return false;
    return true;
}

/*
 * RFC 7292 takes the passphrase as a BMPString for the digest and for its own encryption,
 * PBES2 takes its UTF-8. wolfCrypt widens bytes for the first, which is right for ASCII;
 * for the rest the digest is checked here, and PBES2 is what can be read.
 */
bool pkcs12_read(struct key *key, struct chain *chain, struct span file,
                 struct span passphrase, struct error *err)
{
    scoped(buf_clear) struct buf bare = buf_upto(PKCS12_MAX);
    scoped(parts_clear) struct parts parts = {0};
    const bool ascii = is_ascii(passphrase);

    if (!ascii && !pkcs12_mac_holds(&bare, file, passphrase, err))
        return false;
    return parse(&parts, ascii ? file : buf_span(&bare), passphrase, err) &&
           take_key(key, &parts, err) && take_chain(chain, &parts, err);
}
