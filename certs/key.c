/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/key.h"

#include "base/text.h"
#include "certs/pem.h"
#include "certs/signer.h"
#include "certs/wolf.h"

#include <stdio.h>

/* AlgorithmIdentifiers: RFC 8017, 5480, 8410 for keys; RFC 8017, 5758, 8410 for signatures.
 */
#define ALGORITHM(...)                                                                     \
    (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})

static const struct kind_row {
    enum key_kind kind;
    unsigned hash_bits; /* of its signatures; 0 for Ed25519 */
    const char *name;
    struct span key_algorithm;
    struct span certificate_algorithm;
} kind_rows[] = {
    {KEY_RSA,
     256,
     "RSA",
     {ALGORITHM(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
                0x01, 0x05, 0x00)},
     {ALGORITHM(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
                0x0b, 0x05, 0x00)}},
    {KEY_EC_P256,
     256,
     "EC P-256",
     {ALGORITHM(0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)},
     {ALGORITHM(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)}},
    {KEY_EC_P384,
     384,
     "EC P-384",
     {ALGORITHM(0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                0x05, 0x2b, 0x81, 0x04, 0x00, 0x22)},
     {ALGORITHM(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03)}},
    {KEY_EC_P521,
     512,
     "EC P-521",
     {ALGORITHM(0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                0x05, 0x2b, 0x81, 0x04, 0x00, 0x23)},
     {ALGORITHM(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04)}},
    {KEY_ED25519,
     0,
     "Ed25519",
     {ALGORITHM(0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70)},
     {ALGORITHM(0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70)}},
    {KEY_UNKNOWN, 0, "unknown", {0}, {0}}, /* stays last: whatever is none of those */
};

static const struct {
    const char *name;
    enum key_choice choice;
    enum key_kind kind;
    unsigned bits;
} choices[] = {
    {"ec", KEY_CHOICE_EC, KEY_EC_P256, 256},
    {"p384", KEY_CHOICE_P384, KEY_EC_P384, 384},
    {"p521", KEY_CHOICE_P521, KEY_EC_P521, 521},
    {"rsa2048", KEY_CHOICE_RSA2048, KEY_RSA, 2048},
    {"rsa3072", KEY_CHOICE_RSA3072, KEY_RSA, 3072},
    {"rsa4096", KEY_CHOICE_RSA4096, KEY_RSA, 4096},
    {"ed25519", KEY_CHOICE_ED25519, KEY_ED25519, 256},
};

bool key_choice_named(enum key_choice *out, const char *name, struct error *err)
{
    for (size_t i = 0; i < COUNT(choices); i++) {
        if (text_equal(choices[i].name, name)) {
            *out = choices[i].choice;
            return true;
        }
    }
    return fail(err, E_KEY_CHOICE, "%s", name);
}

static const struct kind_row *row_of(enum key_kind kind)
{
    size_t i = 0;

    while (kind_rows[i].kind != KEY_UNKNOWN && kind_rows[i].kind != kind)
        i++;
    return &kind_rows[i];
}

struct key key_none(void)
{
    return (struct key){0};
}

/* What every key has: kind, size, public half. */
static bool key_describe(struct key *out, struct wolf *wolf, struct error *err)
{
    out->kind = wolf_kind(wolf);
    out->bits = wolf_bits(wolf);
    out->spki = buf_upto(KEY_SPKI_MAX);
    return wolf_write_public(&out->spki, wolf, err);
}

static bool key_keep_private(struct key *out, struct wolf *wolf, struct error *err)
{
    out->der = buf_upto(KEY_DER_MAX);
    return key_describe(out, wolf, err) && wolf_write_private(&out->der, wolf, err);
}

bool key_make(struct key *out, enum key_choice choice, struct error *err)
{
    scoped(wolf_free) struct wolf *wolf = NULL;

    for (size_t i = 0; i < COUNT(choices); i++) {
        if (choices[i].choice == choice)
            return wolf_make(&wolf, choices[i].kind, choices[i].bits, err) &&
                   key_keep_private(out, wolf, err);
    }
    return fail(err, E_KEY_CHOICE, "number %d", (int)choice);
}

bool key_from_pem(struct key *out, struct span pem, struct error *err)
{
    static const char *const labels[] = {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY",
                                         "ENCRYPTED PRIVATE KEY"};
    scoped(buf_clear) struct buf der = buf_upto(KEY_DER_MAX);
    scoped(wolf_free) struct wolf *wolf = NULL;
    struct error form = {0};
    size_t which = 0;

    if (span_find(pem, "Proc-Type: 4,ENCRYPTED", NULL))
        return fail(err, E_KEY_FORM,
                    "it is encrypted in OpenSSL's old form; mend it with: openssl pkcs8 "
                    "-topk8 -in FILE -out NEW");
    if (!pem_find(&der, &which, pem, labels, COUNT(labels), &form))
        return fail(err, E_KEY_FORM, "%s",
                    form.msg == E_NONE ? "no PEM private key in it" : form.about);
    if (which == 3)
        return fail(err, E_KEY_FORM, "the key is encrypted");
    return wolf_read_private(&wolf, KEY_UNKNOWN, buf_span(&der), err) &&
           key_keep_private(out, wolf, err);
}

bool key_to_pem(struct buf *out, const struct key *key, struct error *err)
{
    if (key->der.n == 0)
        return fail(err, E_KEY_ABSENT, "to write it");
    return pem_add(out, "PRIVATE KEY", buf_span(&key->der), err);
}

/* The kind of an SPKI by its AlgorithmIdentifier, which follows the SEQUENCE header. */
static enum key_kind kind_of_spki(struct span spki)
{
    size_t header = 2;

    if (spki.n < 4 || spki.at[0] != 0x30)
        return KEY_UNKNOWN;
    if (spki.at[1] >= 0x80)
        header += spki.at[1] & 0x7fU;
    for (size_t i = 0; i < COUNT(kind_rows); i++) {
        const struct span want = kind_rows[i].key_algorithm;

        if (span_equal(span_head(span_after(spki, header), want.n), want))
            return kind_rows[i].kind;
    }
    return KEY_UNKNOWN;
}

bool key_from_spki(struct key *out, struct span spki, struct error *err)
{
    scoped(wolf_free) struct wolf *wolf = NULL;
    const enum key_kind kind = kind_of_spki(spki);

    if (kind == KEY_UNKNOWN || spki.n > KEY_SPKI_MAX)
        return fail(err, E_KEY_FORM, "a public key of another kind");
    if (!wolf_read_public(&wolf, kind, spki, err))
        return false;
    out->kind = kind;
    out->bits = wolf_bits(wolf);
    out->spki = buf_upto(KEY_SPKI_MAX);
    return buf_add(&out->spki, spki, err);
}

void key_spki_digest(struct digest *out, const struct key *key)
{
    digest_of(out, DIGEST_SHA256, buf_span(&key->spki));
}

void key_show_name(char *out, size_t room, const struct key *key)
{
    if (key->kind == KEY_RSA)
        snprintf(out, room, "RSA-%u", key->bits);
    else
        snprintf(out, room, "%s", row_of(key->kind)->name);
}

void key_clear(struct key *key)
{
    buf_clear(&key->der);
    buf_clear(&key->spki);
    *key = (struct key){0};
}

/* The private key as an object for one operation. */
static bool key_load(struct wolf **out, const struct key *key, struct error *err)
{
    if (key->der.n == 0)
        return fail(err, E_KEY_ABSENT, "to sign");
    return wolf_read_private(out, key->kind, buf_span(&key->der), err);
}

static bool sign_hash(struct buf *out, struct wolf *wolf, enum raw_scheme scheme,
                      struct span hash, struct error *err)
{
    switch (scheme) {
    case RAW_ECDSA:
        return wolf_sign_ecdsa(out, wolf, hash, err);
    case RAW_RSA_PSS:
        return wolf_sign_pss(out, wolf, hash, err);
    case RAW_RSA_PKCS1:
        return wolf_sign_pkcs1(out, wolf, hash, err);
    case RAW_ED25519:
        return wolf_sign_ed25519(out, wolf, hash, err);
    }
    return fail(err, E_KEY_SIGN, "unknown scheme");
}

bool key_sign(struct buf *out, const struct key *key, struct span message,
              struct error *err)
{
    scoped(wolf_free) struct wolf *wolf = NULL;
    unsigned char hash[WOLF_HASH_MAX];
    const struct kind_row *row = row_of(key->kind);
    size_t n;

    if (!key_load(&wolf, key, err))
        return false;
    if (key->kind == KEY_ED25519)
        return sign_hash(out, wolf, RAW_ED25519, message, err);
    n = wolf_hash(hash, row->hash_bits, message);
    return sign_hash(out, wolf, key->kind == KEY_RSA ? RAW_RSA_PSS : RAW_ECDSA,
                     span_of(hash, n), err);
}

bool key_sign_raw(struct buf *out, const struct key *key, enum raw_scheme scheme,
                  unsigned hash_bits, struct span hash, struct error *err)
{
    static const enum signer_op ops[] = {
        [RAW_ECDSA] = SIGNER_RAW_ECDSA,
        [RAW_RSA_PSS] = SIGNER_RAW_PSS,
        [RAW_RSA_PKCS1] = SIGNER_RAW_PKCS1,
        [RAW_ED25519] = SIGNER_RAW_ED25519,
    };
    scoped(wolf_free) struct wolf *wolf = NULL;

    if (scheme != RAW_ED25519 && hash.n * 8 != hash_bits)
        return fail(err, E_KEY_SIGN, "%zu bytes are no hash of %u bits", hash.n, hash_bits);
    if (key->der.n == 0 && key->signer != NULL) {
        const struct signer_request request = {.op = ops[scheme],
                                               .key = key->at_signer,
                                               .hash_bits = hash_bits,
                                               .bytes = hash};

        return signer_ask(out, key->signer, &request, err);
    }
    return key_load(&wolf, key, err) && sign_hash(out, wolf, scheme, hash, err);
}

bool key_sign_certificate(struct buf *out, const struct key *key, struct span tbs,
                          struct error *err)
{
    scoped(wolf_free) struct wolf *wolf = NULL;
    struct digest sha256;

    if (key->kind != KEY_RSA)
        return key_sign(out, key, tbs, err);
    digest_of(&sha256, DIGEST_SHA256, tbs);
    return key_load(&wolf, key, err) &&
           wolf_sign_pkcs1(out, wolf, digest_span(&sha256), err);
}

struct span key_certificate_algorithm(const struct key *key)
{
    return row_of(key->kind)->certificate_algorithm;
}

bool key_verifies(struct span spki, struct span message, struct span signature)
{
    scoped(wolf_free) struct wolf *wolf = NULL;
    const enum key_kind kind = kind_of_spki(spki);
    unsigned char hash[WOLF_HASH_MAX];
    struct error err = {0};
    struct span hashed;

    if (kind == KEY_UNKNOWN || !wolf_read_public(&wolf, kind, spki, &err))
        return false;
    if (kind == KEY_ED25519)
        return wolf_verifies_ed25519(wolf, message, signature);
    hashed = span_of(hash, wolf_hash(hash, row_of(kind)->hash_bits, message));
    return kind == KEY_RSA ? wolf_verifies_pss(wolf, hashed, signature)
                           : wolf_verifies_ecdsa(wolf, hashed, signature);
}
