/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private keys at rest. DIR/passphrase is a link to the file that holds the passphrase (its
 * first line). While it is there every key of this appliance is written encrypted (PKCS#8,
 * PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256); a key is read either way. The encryption
 * is worth what the other place of the passphrase is: a credential of the service manager,
 * a token's file system, memory.
 */
#pragma once

#include "certs/key.h"

#define SEALED_LINK "passphrase"
#define PASSPHRASE_MIN 8 /* bytes, for one that we shall encrypt with */
#define PASSPHRASE_MAX 1024
#define SEALED_ROUNDS 600000

/* The PEM block that counts is an encrypted PKCS#8 key. */
bool key_is_sealed(struct span pem);
must_check bool key_seal(struct buf *out, const struct key *key, struct span passphrase,
                         struct error *err);
/* E_PASSPHRASE when it is the wrong one. An unencrypted key is read without it. */
must_check bool key_unseal(struct key *out, struct span pem, struct span passphrase,
                           struct error *err);

/* The first line of a file, refused when others can read it. */
must_check bool passphrase_read(struct buf *out, int dir, const char *path,
                                struct error *err);
/* Keys of this state directory are to be encrypted: the link is there. */
must_check bool sealed_is_on(bool *on, int state, struct error *err);
/* With this. E_KEY_SEALED when it cannot be had. `out` as buf_upto(PASSPHRASE_MAX). */
must_check bool sealed_passphrase(struct buf *out, int state, struct error *err);
/* Read dir/name, which nobody else may, and write it, as the state says. */
must_check bool sealed_read(struct key *out, int state, int dir, const char *name,
                            struct error *err);
must_check bool sealed_write(int state, int dir, const char *name, const struct key *key,
                             struct error *err);
/* A failure of sealed_read whose own words and remedy say best what is to be done. */
bool sealed_explains(enum msg msg);
/* Rewrite every key of identities, requests and the built-in CA, also of those it had
 * before: encrypted with the passphrase in the file
 * `path`, which the link then names; or, with NULL, in the clear. Killed in between it
 * leaves some of each kind, all readable, and is done by running it again. `n` counts the
 * keys. */
must_check bool sealed_convert(size_t *n, int state, const char *path, struct error *err);

/* Nobody but the owner may come near it; else refused with the chmod that mends it. */
must_check bool secret_is_private(int dir, const char *name, struct error *err);
