/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/tls_sign.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <string.h>

#define DIGEST_INFO_HEAD 19 /* of each SHA-2 */

/* The handshake signature, made by whoever holds the private key (certs/signer.h). */
static int sign_with(const struct key *self, enum raw_scheme scheme, unsigned bits,
                     struct span hash, unsigned char *out, unsigned *out_n)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct error err = {0};

    if (!key_sign_raw(&signature, self, scheme, bits, hash, &err) || signature.n > *out_n)
        return WOLFSSL_FATAL_ERROR;
    memcpy(out, signature.at, signature.n);
    *out_n = (unsigned)signature.n;
    return 0;
}

static int sign_ecdsa(WOLFSSL *ssl, const unsigned char *in, unsigned in_n,
                      unsigned char *out, word32 *out_n, const unsigned char *key,
                      unsigned key_n, void *self)
{
    (void)ssl, (void)key, (void)key_n;
    return sign_with(self, RAW_ECDSA, in_n * 8, span_of(in, in_n), out, out_n);
}

static int sign_rsa_pss(WOLFSSL *ssl, const unsigned char *in, unsigned in_n,
                        unsigned char *out, unsigned *out_n, int hash, int mgf,
                        const unsigned char *key, unsigned key_n, void *self)
{
    (void)ssl, (void)hash, (void)mgf, (void)key, (void)key_n;
    return sign_with(self, RAW_RSA_PSS, in_n * 8, span_of(in, in_n), out, out_n);
}

/* Of TLS 1.2: a DigestInfo (RFC 8017 9.2), whose hash comes last. */
static int sign_rsa_pkcs1(WOLFSSL *ssl, const unsigned char *in, unsigned in_n,
                          unsigned char *out, word32 *out_n, const unsigned char *key,
                          unsigned key_n, void *self)
{
    const struct span hash = span_after(span_of(in, in_n), DIGEST_INFO_HEAD);

    (void)ssl, (void)key, (void)key_n;
    return sign_with(self, RAW_RSA_PKCS1, (unsigned)hash.n * 8, hash, out, out_n);
}

static int sign_ed25519(WOLFSSL *ssl, const unsigned char *in, unsigned in_n,
                        unsigned char *out, unsigned *out_n, const unsigned char *key,
                        unsigned key_n, void *self)
{
    (void)ssl, (void)key, (void)key_n;
    return sign_with(self, RAW_ED25519, 0, span_of(in, in_n), out, out_n);
}

static void *unconst(const void *at)
{
    void *plain;

    memcpy(&plain, &at, sizeof(plain));
    return plain;
}

void tls_sign_policy(WOLFSSL_CTX *ctx)
{
    wolfSSL_CTX_SetEccSignCb(ctx, sign_ecdsa);
    wolfSSL_CTX_SetRsaPssSignCb(ctx, sign_rsa_pss);
    wolfSSL_CTX_SetRsaSignCb(ctx, sign_rsa_pkcs1);
    wolfSSL_CTX_SetEd25519SignCb(ctx, sign_ed25519);
}

void tls_sign_on(WOLFSSL *ssl, const struct key *key)
{
    wolfSSL_SetEccSignCtx(ssl, unconst(key));
    wolfSSL_SetRsaPssSignCtx(ssl, unconst(key));
    wolfSSL_SetRsaSignCtx(ssl, unconst(key));
    wolfSSL_SetEd25519SignCtx(ssl, unconst(key));
}
