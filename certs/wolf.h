/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wolfCrypt's key objects behind one face, for key.c alone, and
 * whose memory it takes. One object serves one
 * operation of one thread; it has its own generator, blinds RSA and wipes itself.
 */
#pragma once

#include "base/buf.h"
#include "certs/cert.h"

struct wolf; /* on the heap */

/* wolfSSL asks base/mem.h from now on. Once, before anything else of it. */
void wolf_use_mem(void);

/* A fresh key; `bits` counts for RSA. */
must_check bool wolf_make(struct wolf **out, enum key_kind kind, unsigned bits,
                          struct error *err);
/* From PKCS#8, PKCS#1 or SEC 1 DER, its public half computed and checked. Tries the kinds
 * in turn when `kind` is KEY_UNKNOWN. */
must_check bool wolf_read_private(struct wolf **out, enum key_kind kind, struct span der,
                                  struct error *err);
must_check bool wolf_read_public(struct wolf **out, enum key_kind kind, struct span spki,
                                 struct error *err);
enum key_kind wolf_kind(const struct wolf *wolf);
unsigned wolf_bits(const struct wolf *wolf);
/* PKCS#8 and SubjectPublicKeyInfo, appended to out. */
must_check bool wolf_write_private(struct buf *out, struct wolf *wolf, struct error *err);
must_check bool wolf_write_public(struct buf *out, struct wolf *wolf, struct error *err);

/* Signatures. `hash` has 32, 48 or 64 bytes; RSA-PSS takes a salt of that length. */
must_check bool wolf_sign_pss(struct buf *out, struct wolf *wolf, struct span hash,
                              struct error *err);
must_check bool wolf_sign_pkcs1(struct buf *out, struct wolf *wolf, struct span hash,
                                struct error *err);
must_check bool wolf_sign_ecdsa(struct buf *out, struct wolf *wolf, struct span hash,
                                struct error *err);
must_check bool wolf_sign_ed25519(struct buf *out, struct wolf *wolf, struct span message,
                                  struct error *err);
bool wolf_verifies_pss(struct wolf *wolf, struct span hash, struct span signature);
bool wolf_verifies_ecdsa(struct wolf *wolf, struct span hash, struct span signature);
bool wolf_verifies_ed25519(struct wolf *wolf, struct span message, struct span signature);

#define WOLF_HASH_MAX 64
/* SHA-256, SHA-384 or SHA-512 of the message into `out`; its length. */
size_t wolf_hash(unsigned char out[WOLF_HASH_MAX], unsigned bits, struct span message);

void wolf_free(struct wolf **wolf);
