/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private keys: made, stored, loaded, used to sign. A key may be used by several threads at
 * once: wolfCrypt's objects are made anew for each operation and stay in key.c.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "certs/cert.h"

#define KEY_FILE "key.pem" /* in the directory of an identity, a request or a CA */
#define CLIENT_KEY_FILE "client-key.pem"
#define ROOT_KEY_FILE "root-key.pem"
#define KEY_PEM_MAX 16384
#define KEY_DER_MAX 8192
#define KEY_SPKI_MAX 2048
#define KEY_SIGNATURE_MAX 1024 /* bytes; RSA-4096 gives 512 */

struct signer;

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
    struct buf der;        /* PKCS#8 private key; empty in a worker or from an SPKI */
    struct buf spki;       /* SubjectPublicKeyInfo */
    struct signer *signer; /* NULL, or the way to the process that holds the private key */
    unsigned at_signer;    /* which of its keys this is */
};
struct key key_none(void); /* all empty; the same as zeroed */

must_check bool key_make(struct key *out, enum key_choice choice, struct error *err);
/* PEM PKCS#8, PKCS#1 or SEC 1, unencrypted. */
must_check bool key_from_pem(struct key *out, struct span pem, struct error *err);
/* PKCS#8, appended to out. */
must_check bool key_to_pem(struct buf *out, const struct key *key, struct error *err);
/* Only the public half, for checking signatures and for a worker (which sets `signer`). */
must_check bool key_from_spki(struct key *out, struct span spki, struct error *err);
void key_spki_digest(struct digest *out, const struct key *key);
/* "RSA-2048", "EC P-256", "Ed25519" … */
void key_show_name(char *out, size_t room, const struct key *key);
void key_clear(struct key *key);

/*
 * Signature schemes are fixed by the key: RSA-PSS with SHA-256 and salt 32, ECDSA (DER)
 * with the curve's hash (P-256 SHA-256, P-384 SHA-384, P-521 SHA-512), Ed25519. Needs the
 * private part: over a signer only statements (certs/statement.h) and raw signatures go.
 */
must_check bool key_sign(struct buf *out, const struct key *key, struct span message,
                         struct error *err);
/* For wolfSSL's callbacks, which hash for themselves. `hash` is of `hash_bits`
 * (256/384/512; RSA-PSS takes a salt of the same length). Asks the signer when the private
 * part is not here. */
enum raw_scheme {
    RAW_ECDSA,
    RAW_RSA_PSS,
    RAW_RSA_PKCS1, /* in TLS 1.2, for clients that know no PSS (RFC 5246 4.7) */
    RAW_ED25519    /* hash is the whole message */
};
must_check bool key_sign_raw(struct buf *out, const struct key *key, enum raw_scheme scheme,
                             unsigned hash_bits, struct span hash, struct error *err);
/* For certificates and requests: RSA PKCS#1 v1.5 with SHA-256, ECDSA and Ed25519 as above.
 * key_certificate_algorithm is the AlgorithmIdentifier that belongs to it. */
must_check bool key_sign_certificate(struct buf *out, const struct key *key,
                                     struct span tbs, struct error *err);
struct span key_certificate_algorithm(const struct key *key);
/* True only for a good signature of key_sign by the public key in `spki`. */
bool key_verifies(struct span spki, struct span message, struct span signature);
