/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private keys: made, stored, loaded, used to sign. wolfCrypt's own struct stays in key.c.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "certs/cert.h"

#define KEY_PEM_MAX 16384
#define KEY_SIGNATURE_MAX 1024 /* bytes; RSA-4096 gives 512 */

/* What `init`, `request` and `ca` may ask for. */
enum key_choice {
    KEY_CHOICE_EC, /* P-256 */
    KEY_CHOICE_P384,
    KEY_CHOICE_P521,
    KEY_CHOICE_RSA2048,
    KEY_CHOICE_RSA3072,
    KEY_CHOICE_RSA4096,
    KEY_CHOICE_ED25519
};
must_check bool key_choice_named(enum key_choice *out, const char *name, struct error *err);

struct key {
    enum key_kind kind;
    unsigned bits;
    struct buf der;  /* PKCS#8 private key, wiped when cleared; empty in a worker process */
    struct buf spki; /* SubjectPublicKeyInfo */
    int signer;      /* -1, or the socket of the process that holds the private key */
    void *wolf;      /* wolfCrypt's key object once loaded, or NULL */
};
struct key key_none(void); /* all empty, signer -1 */

must_check bool key_make(struct key *out, enum key_choice choice, struct error *err);
/* PEM PKCS#8, PKCS#1 or SEC 1, unencrypted. */
must_check bool key_from_pem(struct key *out, struct span pem, struct error *err);
must_check bool key_to_pem(struct buf *out, const struct key *key, struct error *err);
/* Only the public half, for checking signatures and for a worker (`signer` set by it). */
must_check bool key_from_spki(struct key *out, struct span spki, struct error *err);
void key_spki_digest(struct digest *out, const struct key *key);
void key_clear(struct key *key);

/*
 * Signature schemes are fixed by the key: RSA-PSS with SHA-256 and salt 32, ECDSA (DER)
 * with the curve's hash (P-256 SHA-256, P-384 SHA-384, P-521 SHA-512), Ed25519.
 */
must_check bool key_sign(struct buf *out, const struct key *key, struct span message,
                         struct error *err);
/* For wolfSSL's callbacks, which hash for themselves. `hash` is of `hash_bits`
 * (256/384/512). */
enum raw_scheme { RAW_ECDSA, RAW_RSA_PSS, RAW_ED25519 /* hash is the whole message */ };
must_check bool key_sign_raw(struct buf *out, const struct key *key, enum raw_scheme scheme,
                             unsigned hash_bits, struct span hash, struct error *err);
/* True only for a good signature by the public key in `spki`. */
bool key_verifies(struct span spki, struct span message, struct span signature);
