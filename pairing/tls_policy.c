/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only place where TLS is configured. */
#include "pairing/tls_policy.h"

#include "base/text.h"
#include "pairing/tls_bulk.h"
#include "pairing/tls_sign.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <string.h>

#define EXPORTER_LABEL "EXPORTER-Channel-Binding" /* RFC 9266 section 2 */
#define CIPHERS                                                                            \
    "TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256"
#define CIPHERS_12                                                                         \
    ":ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"                         \
    ":ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"

void tls_facts_clear(struct tls_facts *facts)
{
    chain_clear(&facts->peer);
    *facts = (struct tls_facts){0};
}

/* wolfSSL asks twice about a leaf it does not like; the second time nothing is new. */
static bool is_captured(const struct chain *peer, const WOLFSSL_X509_STORE_CTX *store)
{
    if (peer->n == 0 || peer->n != (size_t)store->totalCerts)
        return false;
    for (size_t i = 0; i < peer->n; i++)
        if (!span_equal(buf_span(&peer->cert[i].der),
                        span_of(store->certs[i].buffer, store->certs[i].length)))
            return false;
    return true;
}

static bool is_not_too_long(size_t certificates, struct error *err)
{
    return certificates <= TLS_CHAIN_CERTS_MAX ||
           fail(err, E_CHAIN_WIRE, "%zu certificates or more; at most %d are taken",
                certificates, TLS_CHAIN_CERTS_MAX);
}

/*
 * Everything the peer presented, in its order; what is no certificate ends the list.
 * wolfSSL drops what is beyond its own limit, and then loses its place among the messages:
 * a chain that fills it may have had more.
 */
_Static_assert(TLS_CHAIN_CERTS_MAX < MAX_CHAIN_DEPTH, "a chain beyond the limit is seen");
static bool capture_chain(struct tls_facts *facts, const WOLFSSL_X509_STORE_CTX *store)
{
    struct error *err = &facts->refused;
    size_t bytes = 0;

    if (is_captured(&facts->peer, store))
        return true;
    if (!is_not_too_long((size_t)store->totalCerts, err))
        return false;
    chain_clear(&facts->peer);
    for (int i = 0; i < store->totalCerts; i++) {
        struct span der = span_of(store->certs[i].buffer, store->certs[i].length);

        bytes += der.n;
        if (bytes > TLS_CHAIN_BYTES_MAX)
            return fail(err, E_TOO_LARGE, "a chain of %zu bytes or more", bytes);
        if (!chain_add_der(&facts->peer, der, err))
            return false;
    }
    return facts->peer.n > 0;
}

/*
 * wolfSSL calls this for every certificate, root to leaf, some twice. Its opinion of the
 * chain is not ours (docs/decisions.md): the chain is taken as data and judged later.
 * Saying yes here is safe because the WOLFSSL_CTX, which keeps what was said yes to, serves
 * this connection only and dies with it.
 */
static int take_peer_chain(int verified, WOLFSSL_X509_STORE_CTX *store)
{
    struct tls_facts *facts = store->userCtx;
    int index = wolfSSL_get_ex_data_X509_STORE_CTX_idx();
    WOLFSSL *ssl = wolfSSL_X509_STORE_CTX_get_ex_data(store, index);

    (void)verified;
    if (store->error_depth != 0)
        return 1;
    if (ssl == NULL)
        return 0;
    wolfSSL_KeepArrays(ssl); /* the exporter needs them after the handshake */
    tls_sign_on(ssl,
                facts->key); /* a client signs after this; libcurl has no better place */
    return capture_chain(facts, store) ? 1 : 0;
}

/* Present the whole chain, root included. */
static bool use_chain(WOLFSSL_CTX *ctx, const struct chain *chain, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(CHAIN_FILE_MAX);
    struct span spki = chain_leaf(chain)->spki;
    int code;

    if (!is_not_too_long(chain->n, err))
        return false;
    for (size_t i = 0; i < chain->n; i++)
        if (!buf_add(&der, buf_span(&chain->cert[i].der), err))
            return false;
    code = wolfSSL_CTX_use_certificate_chain_buffer_format(ctx, der.at, (long)der.n,
                                                           WOLFSSL_FILETYPE_ASN1);
    if (code != WOLFSSL_SUCCESS)
        return fail(err, E_TLS_SETUP, "wolfSSL does not take our chain (%d)", code);
    /* With sign callbacks wolfSSL takes the public key here and asks for no private one. */
    code = wolfSSL_CTX_use_PrivateKey_buffer(ctx, spki.at, (long)spki.n,
                                             WOLFSSL_FILETYPE_ASN1);
    return code == WOLFSSL_SUCCESS ||
           fail(err, E_TLS_SETUP, "wolfSSL does not take our public key (%d)", code);
}

/* Hybrid first where this wolfSSL has it, then the classical groups. */
static bool use_groups(WOLFSSL_CTX *ctx)
{
    static int hybrid[] = {WOLFSSL_X25519MLKEM768, WOLFSSL_ECC_X25519,
                           WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};

    return wolfSSL_CTX_set_groups(ctx, hybrid, (int)COUNT(hybrid)) == WOLFSSL_SUCCESS ||
           wolfSSL_CTX_set_groups(ctx, hybrid + 1, (int)COUNT(hybrid) - 1) ==
               WOLFSSL_SUCCESS;
}

/* What is ours in every handshake: who we are, and nothing kept for the next one. */
static bool use_identity(WOLFSSL_CTX *ctx, const struct identity *self, enum leaf_use use,
                         struct tls_facts *facts, struct error *err)
{
    facts->key = identity_key(self, use);
    facts->own = identity_chain(self, use);
    tls_sign_policy(ctx);
    wolfSSL_CTX_SetDevId(ctx, tls_bulk_device());
    wolfSSL_CTX_no_ticket_TLSv13(ctx);
    wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
    return use_chain(ctx, facts->own, err);
}

bool tls_policy(WOLFSSL_CTX *ctx, const struct identity *self, enum leaf_use use,
                struct tls_facts *facts, struct error *err)
{
    if (wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_TLSV1_3) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_cipher_list(ctx, CIPHERS) != WOLFSSL_SUCCESS || !use_groups(ctx))
        return fail(err, E_TLS_SETUP, "this wolfSSL cannot be configured");
    if (!use_identity(ctx, self, use, facts, err))
        return false;
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           take_peer_chain);
    wolfSSL_CTX_SetCertCbCtx(ctx, facts);
    return true;
}

bool tls_policy_anyone(WOLFSSL_CTX *ctx, const struct identity *self,
                       struct tls_facts *facts, struct error *err)
{
    if (wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_TLSV1_2) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_cipher_list(ctx, CIPHERS CIPHERS_12) != WOLFSSL_SUCCESS ||
        !use_groups(ctx) || wolfSSL_CTX_NoTicketTLSv12(ctx) != WOLFSSL_SUCCESS)
        return fail(err, E_TLS_SETUP, "this wolfSSL cannot be configured");
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
    return use_identity(ctx, self, LEAF_SERVER, facts, err);
}

bool tls_policy_facts(struct tls_facts *facts, WOLFSSL *ssl, struct error *err)
{
    const char *group = wolfSSL_get_curve_name(ssl);

    if (facts->peer.n == 0)
        return fail(err, E_TLS_NO_CERTIFICATE, "no certificate was captured");
    if (wolfSSL_version(ssl) != TLS1_3_VERSION || wolfSSL_session_reused(ssl) != 0)
        return fail(err, E_TLS_POLICY, "%s%s", wolfSSL_get_version(ssl),
                    wolfSSL_session_reused(ssl) != 0 ? ", resumed" : "");
    if (wolfSSL_export_keying_material(ssl, facts->exporter, sizeof(facts->exporter),
                                       EXPORTER_LABEL, sizeof(EXPORTER_LABEL) - 1, NULL, 0,
                                       1) != WOLFSSL_SUCCESS)
        return fail(err, E_TLS_SETUP, "no exporter value");
    wolfSSL_FreeArrays(ssl);
    chain_remember(&facts->peer, facts->own);
    (void)text_fits(facts->version, wolfSSL_get_version(ssl));
    (void)text_fits(facts->cipher, wolfSSL_get_cipher_name(ssl));
    (void)text_fits(facts->group, group != NULL ? group : "?");
    return true;
}
