/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a certificate verify under a key? The arithmetic is wolfCrypt's, the rest is ours.
 */
#include "certs/algorithm.h"
#include "certs/cert.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/rsa.h>

#define RSA_BYTES_MAX 512

static enum wc_HashType wolf_hash(enum hash hash)
{
    switch (hash) {
    case HASH_MD5:
        return WC_HASH_TYPE_MD5;
    case HASH_SHA1:
        return WC_HASH_TYPE_SHA;
    case HASH_SHA224:
        return WC_HASH_TYPE_SHA224;
    case HASH_SHA256:
        return WC_HASH_TYPE_SHA256;
    case HASH_SHA384:
        return WC_HASH_TYPE_SHA384;
    case HASH_SHA512:
        return WC_HASH_TYPE_SHA512;
    case HASH_NONE:
    case HASH_MD2:
        return WC_HASH_TYPE_NONE;
    }
    return WC_HASH_TYPE_NONE;
}

static int wolf_mask(enum hash hash)
{
    switch (hash) {
    case HASH_SHA1:
        return WC_MGF1SHA1;
    case HASH_SHA224:
        return WC_MGF1SHA224;
    case HASH_SHA256:
        return WC_MGF1SHA256;
    case HASH_SHA384:
        return WC_MGF1SHA384;
    case HASH_SHA512:
        return WC_MGF1SHA512;
    case HASH_NONE:
    case HASH_MD2:
    case HASH_MD5:
        return WC_MGF1NONE;
    }
    return WC_MGF1NONE;
}

static bool pss_verifies(const struct scheme *scheme, const struct cert *cert, RsaKey *key)
{
    enum wc_HashType hash = wolf_hash(scheme->hash);
    byte digest[WC_MAX_DIGEST_SIZE], padded[RSA_BYTES_MAX];
    int n = wc_HashGetDigestSize(hash), got;

    if (n <= 0 || wc_Hash(hash, cert->tbs.at, (word32)cert->tbs.n, digest, (word32)n) != 0)
        return false;
    if ((int)cert->signature.n != wc_RsaEncryptSize(key))
        return false;
    got = wc_RsaPSS_Verify_ex(cert->signature.at, (word32)cert->signature.n, padded,
                              sizeof(padded), hash, wolf_mask(scheme->hash),
                              (int)scheme->salt, key);
    return got > 0 &&
           wc_RsaPSS_CheckPadding_ex2(digest, (word32)n, padded, (word32)got, hash,
                                      (int)scheme->salt, mp_count_bits(&key->n), NULL) == 0;
}

/* PKCS #1 v1.5: the DigestInfo is made anew and compared, never parsed. Not by
 * wc_SignatureVerify, which refuses the SHA-1 of old roots. */
static bool pkcs1_verifies(const struct scheme *scheme, const struct cert *cert,
                           RsaKey *key)
{
    enum wc_HashType hash = wolf_hash(scheme->hash);
    byte digest[WC_MAX_DIGEST_SIZE], info[MAX_DER_DIGEST_SZ], plain[RSA_BYTES_MAX];
    int n = wc_HashGetDigestSize(hash), got;
    word32 length;

    if (n <= 0 || wc_Hash(hash, cert->tbs.at, (word32)cert->tbs.n, digest, (word32)n) != 0)
        return false;
    if ((int)cert->signature.n != wc_RsaEncryptSize(key))
        return false;
    length = wc_EncodeSignature(info, digest, (word32)n, wc_HashGetOID(hash));
    got = wc_RsaSSL_Verify(cert->signature.at, (word32)cert->signature.n, plain,
                           sizeof(plain), key);
    return got > 0 && span_equal(span_of(plain, (size_t)got), span_of(info, length));
}

static bool rsa_verifies(const struct scheme *scheme, const struct cert *cert,
                         struct span spki)
{
    word32 at = 0;
    RsaKey key;
    bool good = false;

    if (wc_InitRsaKey(&key, NULL) != 0)
        return false;
    if (wc_RsaPublicKeyDecode(spki.at, &at, &key, (word32)spki.n) == 0) {
        good = scheme->pss ? pss_verifies(scheme, cert, &key)
                           : pkcs1_verifies(scheme, cert, &key);
    }
    wc_FreeRsaKey(&key);
    return good;
}

static bool ecdsa_verifies(const struct scheme *scheme, const struct cert *cert,
                           struct span spki)
{
    enum wc_HashType hash = wolf_hash(scheme->hash);
    byte digest[WC_MAX_DIGEST_SIZE];
    int n = wc_HashGetDigestSize(hash), good = 0;
    word32 at = 0;
    ecc_key key;

    if (n <= 0 || wc_Hash(hash, cert->tbs.at, (word32)cert->tbs.n, digest, (word32)n) != 0)
        return false;
    if (wc_ecc_init(&key) != 0)
        return false;
    if (wc_EccPublicKeyDecode(spki.at, &at, &key, (word32)spki.n) != 0 ||
        wc_ecc_verify_hash(cert->signature.at, (word32)cert->signature.n, digest, (word32)n,
                           &good, &key) != 0)
        good = 0;
    wc_ecc_free(&key);
    return good == 1;
}

static bool ed25519_verifies(const struct cert *cert, struct span point)
{
    ed25519_key key;
    int good = 0;

    if (wc_ed25519_init(&key) != 0)
        return false;
    if (wc_ed25519_import_public(point.at, (word32)point.n, &key) != 0 ||
        wc_ed25519_verify_msg(cert->signature.at, (word32)cert->signature.n, cert->tbs.at,
                              (word32)cert->tbs.n, &good, &key) != 0)
        good = 0;
    wc_ed25519_free(&key);
    return good == 1;
}

static bool was_signed_by(const struct cert *cert, const struct cert *issuer)
{
    static const struct digest never = {0};

    return !digest_equal(&cert->signed_by, &never) &&
           digest_equal(&cert->signed_by, &issuer->spki_sha256);
}

bool cert_is_signed_by(const struct cert *cert, const struct cert *issuer)
{
    struct scheme scheme = {0};
    struct public_key key = {0};

    if (was_signed_by(cert, issuer))
        return true;
    if (!scheme_read(&scheme, cert->signature_algorithm) ||
        !public_key_read(&key, issuer->spki))
        return false;
    switch (key.kind) {
    case KEY_UNKNOWN:
        return false;
    case KEY_RSA:
        return scheme.key == KEY_RSA && rsa_verifies(&scheme, cert, issuer->spki);
    case KEY_EC_P256:
    case KEY_EC_P384:
    case KEY_EC_P521:
        return scheme.key == KEY_EC_P256 && ecdsa_verifies(&scheme, cert, issuer->spki);
    case KEY_ED25519:
        return scheme.key == KEY_ED25519 && ed25519_verifies(cert, key.bytes);
    }
    return false;
}
