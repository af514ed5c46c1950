/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/wolf.h"

#include "base/mem.h"

#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/memory.h>
#include <wolfssl/wolfcrypt/rsa.h>

#define RSA_EXPONENT 65537
#define RSA_BITS_MIN 1024 /* what the rules accept is theirs to say */
#define RSA_BITS_MAX 4096
#define DER_MAX 8192
#define SIGNATURE_MAX 1024

struct wolf {
    enum key_kind kind;
    bool has_rng;
    WC_RNG rng;
    union {
        RsaKey rsa;
        ecc_key ecc;
        ed25519_key ed;
    } as;
};

static const struct {
    int curve; /* ECC_CURVE_INVALID when there is none */
    unsigned bits;
} shapes[] = {
    [KEY_UNKNOWN] = {ECC_CURVE_INVALID, 0}, [KEY_RSA] = {ECC_CURVE_INVALID, 0},
    [KEY_EC_P256] = {ECC_SECP256R1, 256},   [KEY_EC_P384] = {ECC_SECP384R1, 384},
    [KEY_EC_P521] = {ECC_SECP521R1, 521},   [KEY_ED25519] = {ECC_CURVE_INVALID, 256},
};

void wolf_use_mem(void)
{
    wolfSSL_SetAllocators(mem_take, mem_free, mem_retake);
}

static int curve_of(enum key_kind kind)
{
    return shapes[kind].curve;
}

static bool is_ec(enum key_kind kind)
{
    return curve_of(kind) != ECC_CURVE_INVALID;
}

void wolf_free(struct wolf **wolf)
{
    struct wolf *old = *wolf;

    *wolf = NULL;
    if (old == NULL)
        return;
    if (old->kind == KEY_RSA)
        wc_FreeRsaKey(&old->as.rsa);
    else if (is_ec(old->kind))
        wc_ecc_free(&old->as.ecc);
    else if (old->kind == KEY_ED25519)
        wc_ed25519_free(&old->as.ed);
    if (old->has_rng)
        wc_FreeRng(&old->rng);
    mem_wipe(old, sizeof(*old));
    mem_free(old);
}

/* An empty object of a kind, with a generator when private work is ahead. */
static bool wolf_begin(struct wolf **out, enum key_kind kind, bool with_rng,
                       struct error *err)
{
    struct wolf *wolf = mem_zeroed(1, sizeof(*wolf));
    int rc = 0;

    *out = wolf;
    if (with_rng && wc_InitRng(&wolf->rng) != 0)
        return fail(err, E_RANDOM, "wolfCrypt's generator");
    wolf->has_rng = with_rng;
    if (kind == KEY_RSA)
        rc = wc_InitRsaKey(&wolf->as.rsa, NULL);
    else if (is_ec(kind))
        rc = wc_ecc_init(&wolf->as.ecc);
    else
        rc = wc_ed25519_init(&wolf->as.ed);
    if (rc != 0)
        return fail(err, E_KEY_FORM, "wolfCrypt error %d", rc);
    wolf->kind = kind;
    /* Blinding and masking draw from the generator. */
    if (with_rng && kind == KEY_RSA)
        rc = wc_RsaSetRNG(&wolf->as.rsa, &wolf->rng);
    else if (with_rng && is_ec(kind))
        rc = wc_ecc_set_rng(&wolf->as.ecc, &wolf->rng);
    return rc == 0 || fail(err, E_KEY_FORM, "wolfCrypt error %d", rc);
}

bool wolf_make(struct wolf **out, enum key_kind kind, unsigned bits, struct error *err)
{
    struct wolf *wolf;
    int rc;

    if (!wolf_begin(out, kind, true, err))
        return false;
    wolf = *out;
    if (kind == KEY_RSA)
        rc = wc_MakeRsaKey(&wolf->as.rsa, (int)bits, RSA_EXPONENT, &wolf->rng);
    else if (is_ec(kind))
        rc = wc_ecc_make_key_ex(&wolf->rng, 0, &wolf->as.ecc, curve_of(kind));
    else
        rc = wc_ed25519_make_key(&wolf->rng, ED25519_KEY_SIZE, &wolf->as.ed);
    return rc == 0 || fail(err, E_KEY_MAKE, "wolfCrypt error %d", rc);
}

static bool ec_curve_is(const struct wolf *wolf, enum key_kind kind)
{
    return wc_ecc_get_curve_id(wolf->as.ecc.idx) == curve_of(kind);
}

/* SEC 1 and PKCS#8 may leave the public point out, which then is computed. */
static int ec_complete(ecc_key *key, WC_RNG *rng)
{
    int rc = key->type == ECC_PRIVATEKEY_ONLY ? wc_ecc_make_pub_ex(key, NULL, rng) : 0;

    return rc == 0 ? wc_ecc_check_key(key) : rc;
}

static int ed_complete(ed25519_key *key)
{
    unsigned char public_key[ED25519_PUB_KEY_SIZE];
    int rc;

    if (!key->pubKeySet) {
        rc = wc_ed25519_make_public(key, public_key, sizeof(public_key));
        if (rc == 0)
            rc = wc_ed25519_import_public(public_key, sizeof(public_key), key);
        if (rc != 0)
            return rc;
    }
    return wc_ed25519_check_key(key);
}

static bool read_private_as(struct wolf **out, enum key_kind kind, struct span der,
                            struct error *err)
{
    struct wolf *wolf;
    word32 at = 0;
    int rc;

    if (!wolf_begin(out, kind, true, err))
        return false;
    wolf = *out;
    if (kind == KEY_RSA) {
        rc = wc_RsaPrivateKeyDecode(der.at, &at, &wolf->as.rsa, (word32)der.n);
    } else if (is_ec(kind)) {
        rc = wc_EccPrivateKeyDecode(der.at, &at, &wolf->as.ecc, (word32)der.n);
        if (rc == 0 && !ec_curve_is(wolf, kind))
            rc = ECC_CURVE_OID_E;
        if (rc == 0)
            rc = ec_complete(&wolf->as.ecc, &wolf->rng);
    } else {
        rc = wc_Ed25519PrivateKeyDecode(der.at, &at, &wolf->as.ed, (word32)der.n);
        if (rc == 0)
            rc = ed_complete(&wolf->as.ed);
    }
    if (rc != 0)
        return fail(err, E_KEY_FORM, "wolfCrypt error %d", rc);
    return wolf_bits(wolf) <= RSA_BITS_MAX ||
           fail(err, E_KEY_FORM, "RSA with %u bits", wolf_bits(wolf));
}

bool wolf_read_private(struct wolf **out, enum key_kind kind, struct span der,
                       struct error *err)
{
    static const enum key_kind kinds[] = {KEY_RSA, KEY_EC_P256, KEY_EC_P384, KEY_EC_P521,
                                          KEY_ED25519};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct error one = {0};

        if (kind != KEY_UNKNOWN && kind != kinds[i])
            continue;
        if (read_private_as(out, kinds[i], der, &one))
            return true;
        wolf_free(out);
    }
    return fail(err, E_KEY_FORM, "neither RSA, nor P-256, P-384, P-521, nor Ed25519");
}

bool wolf_read_public(struct wolf **out, enum key_kind kind, struct span spki,
                      struct error *err)
{
    struct wolf *wolf;
    word32 at = 0;
    int rc;

    if (!wolf_begin(out, kind, false, err))
        return false;
    wolf = *out;
    if (kind == KEY_RSA)
        rc = wc_RsaPublicKeyDecode(spki.at, &at, &wolf->as.rsa, (word32)spki.n);
    else if (is_ec(kind))
        rc = wc_EccPublicKeyDecode(spki.at, &at, &wolf->as.ecc, (word32)spki.n);
    else
        rc = wc_Ed25519PublicKeyDecode(spki.at, &at, &wolf->as.ed, (word32)spki.n);
    if (rc == 0 && is_ec(kind))
        rc = ec_curve_is(wolf, kind) ? wc_ecc_check_key(&wolf->as.ecc) : ECC_CURVE_OID_E;
    if (rc != 0 || at != spki.n)
        return fail(err, E_KEY_FORM, "public key, wolfCrypt error %d", rc);
    if (kind == KEY_RSA &&
        (wolf_bits(wolf) < RSA_BITS_MIN || wolf_bits(wolf) > RSA_BITS_MAX))
        return fail(err, E_KEY_FORM, "RSA with %u bits", wolf_bits(wolf));
    return true;
}

enum key_kind wolf_kind(const struct wolf *wolf)
{
    return wolf->kind;
}

unsigned wolf_bits(const struct wolf *wolf)
{
    return wolf->kind == KEY_RSA ? (unsigned)mp_count_bits(&wolf->as.rsa.n)
                                 : shapes[wolf->kind].bits;
}

/* Append what wolfCrypt wrote (n bytes or an error) and wipe it. */
static bool take_der(struct buf *out, unsigned char *der, int n, struct error *err)
{
    bool good = n > 0 || fail(err, E_KEY_MAKE, "wolfCrypt error %d", n);

    good = good && buf_add(out, span_of(der, (size_t)n), err);
    mem_wipe(der, DER_MAX);
    return good;
}

static int rsa_to_pkcs8(RsaKey *key, unsigned char out[DER_MAX])
{
    unsigned char plain[DER_MAX];
    word32 n = DER_MAX;
    int rc = wc_RsaKeyToDer(key, plain, DER_MAX);

    if (rc > 0)
        rc = wc_CreatePKCS8Key(out, &n, plain, (word32)rc, RSAk, NULL, 0);
    mem_wipe(plain, sizeof(plain));
    return rc;
}

bool wolf_write_private(struct buf *out, struct wolf *wolf, struct error *err)
{
    unsigned char der[DER_MAX];
    word32 n = DER_MAX;
    int rc;

    if (wolf->kind == KEY_RSA)
        rc = rsa_to_pkcs8(&wolf->as.rsa, der);
    else if (is_ec(wolf->kind))
        rc = wc_EccKeyToPKCS8(&wolf->as.ecc, der, &n);
    else
        rc = wc_Ed25519PrivateKeyToDer(&wolf->as.ed, der, DER_MAX);
    return take_der(out, der, rc, err);
}

bool wolf_write_public(struct buf *out, struct wolf *wolf, struct error *err)
{
    unsigned char der[DER_MAX];
    int rc;

    if (wolf->kind == KEY_RSA)
        rc = wc_RsaKeyToPublicDer(&wolf->as.rsa, der, DER_MAX);
    else if (is_ec(wolf->kind))
        rc = wc_EccPublicKeyToDer(&wolf->as.ecc, der, DER_MAX, 1);
    else
        rc = wc_Ed25519PublicKeyToDer(&wolf->as.ed, der, DER_MAX, 1);
    return take_der(out, der, rc, err);
}

/* The hash functions go by the length of what they give. */
static enum wc_HashType hash_type(size_t bytes)
{
    if (bytes == WC_SHA256_DIGEST_SIZE)
        return WC_HASH_TYPE_SHA256;
    if (bytes == WC_SHA384_DIGEST_SIZE)
        return WC_HASH_TYPE_SHA384;
    return bytes == WC_SHA512_DIGEST_SIZE ? WC_HASH_TYPE_SHA512 : WC_HASH_TYPE_NONE;
}

size_t wolf_hash(unsigned char out[WOLF_HASH_MAX], unsigned bits, struct span message)
{
    const enum wc_HashType type = hash_type(bits / 8);

    return type != WC_HASH_TYPE_NONE &&
                   wc_Hash(type, message.at, (word32)message.n, out, bits / 8) == 0
               ? bits / 8
               : 0;
}

static int mgf_of(enum wc_HashType type)
{
    if (type == WC_HASH_TYPE_SHA512)
        return WC_MGF1SHA512;
    return type == WC_HASH_TYPE_SHA384 ? WC_MGF1SHA384 : WC_MGF1SHA256;
}

static bool take_signature(struct buf *out, const unsigned char *signature, int n,
                           struct error *err)
{
    return (n > 0 || fail(err, E_KEY_SIGN, "wolfCrypt error %d", n)) &&
           buf_add(out, span_of(signature, (size_t)n), err);
}

bool wolf_sign_pss(struct buf *out, struct wolf *wolf, struct span hash, struct error *err)
{
    const enum wc_HashType type = hash_type(hash.n);
    unsigned char signature[SIGNATURE_MAX];

    if (wolf->kind != KEY_RSA || type == WC_HASH_TYPE_NONE)
        return fail(err, E_KEY_SIGN, "RSA-PSS needs an RSA key and a SHA-2 hash");
    return take_signature(out, signature,
                          wc_RsaPSS_Sign_ex(hash.at, (word32)hash.n, signature,
                                            sizeof(signature), type, mgf_of(type),
                                            (int)hash.n, &wolf->as.rsa, &wolf->rng),
                          err);
}

bool wolf_sign_pkcs1(struct buf *out, struct wolf *wolf, struct span hash,
                     struct error *err)
{
    const enum wc_HashType type = hash_type(hash.n);
    unsigned char info[128], signature[SIGNATURE_MAX];
    word32 n;

    if (wolf->kind != KEY_RSA || type == WC_HASH_TYPE_NONE)
        return fail(err, E_KEY_SIGN, "PKCS#1 needs an RSA key and a SHA-2 hash");
    n = wc_EncodeSignature(info, hash.at, (word32)hash.n, wc_HashGetOID(type));
    return take_signature(
        out, signature,
        wc_RsaSSL_Sign(info, n, signature, sizeof(signature), &wolf->as.rsa, &wolf->rng),
        err);
}

bool wolf_sign_ecdsa(struct buf *out, struct wolf *wolf, struct span hash,
                     struct error *err)
{
    unsigned char signature[SIGNATURE_MAX];
    word32 n = sizeof(signature);
    int rc;

    if (!is_ec(wolf->kind) || hash_type(hash.n) == WC_HASH_TYPE_NONE)
        return fail(err, E_KEY_SIGN, "ECDSA needs an EC key and a SHA-2 hash");
    rc =
        wc_ecc_sign_hash(hash.at, (word32)hash.n, signature, &n, &wolf->rng, &wolf->as.ecc);
    return take_signature(out, signature, rc == 0 ? (int)n : rc, err);
}

bool wolf_sign_ed25519(struct buf *out, struct wolf *wolf, struct span message,
                       struct error *err)
{
    unsigned char signature[ED25519_SIG_SIZE];
    word32 n = sizeof(signature);
    int rc;

    if (wolf->kind != KEY_ED25519)
        return fail(err, E_KEY_SIGN, "the key is not Ed25519");
    rc = wc_ed25519_sign_msg(message.at, (word32)message.n, signature, &n, &wolf->as.ed);
    return take_signature(out, signature, rc == 0 ? (int)n : rc, err);
}

bool wolf_verifies_pss(struct wolf *wolf, struct span hash, struct span signature)
{
    const enum wc_HashType type = hash_type(hash.n);
    unsigned char out[SIGNATURE_MAX];

    if (wolf->kind != KEY_RSA || type == WC_HASH_TYPE_NONE ||
        signature.n != (size_t)wc_RsaEncryptSize(&wolf->as.rsa))
        return false;
    return wc_RsaPSS_VerifyCheck(signature.at, (word32)signature.n, out, sizeof(out),
                                 hash.at, (word32)hash.n, type, mgf_of(type),
                                 &wolf->as.rsa) > 0;
}

bool wolf_verifies_ecdsa(struct wolf *wolf, struct span hash, struct span signature)
{
    int holds = 0;

    return is_ec(wolf->kind) && signature.n <= SIGNATURE_MAX &&
           wc_ecc_verify_hash(signature.at, (word32)signature.n, hash.at, (word32)hash.n,
                              &holds, &wolf->as.ecc) == 0 &&
           holds == 1;
}

bool wolf_verifies_ed25519(struct wolf *wolf, struct span message, struct span signature)
{
    int holds = 0;

    return wolf->kind == KEY_ED25519 && signature.n == ED25519_SIG_SIZE &&
           wc_ed25519_verify_msg(signature.at, (word32)signature.n, message.at,
                                 (word32)message.n, &holds, &wolf->as.ed) == 0 &&
           holds == 1;
}
