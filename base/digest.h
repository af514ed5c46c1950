/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Digests: SHA-256 (FIPS 180-4) for identities and signatures; BLAKE3 for contents, SHA-256
 * there too under policy fips. Comparison in constant time. Random bytes from the kernel.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

#include <stdint.h>

#define DIGEST_BYTES 32
#define DIGEST_HEX (2 * DIGEST_BYTES + 1)

enum digest_kind { DIGEST_SHA256, DIGEST_BLAKE3 };

struct digest {
    unsigned char byte[DIGEST_BYTES];
};

/* A digest being computed. Opaque storage big enough for either kind. */
struct digest_run {
    enum digest_kind kind;
    union {
        uint64_t align;
        _Alignas(16) unsigned char room[2048]; /* wolfCrypt uses aligned vectors */
    } state;
};

void digest_begin(struct digest_run *run, enum digest_kind kind);
void digest_add(struct digest_run *run, struct span bytes);
void digest_end(struct digest_run *run, struct digest *out);
/* All at once. */
void digest_of(struct digest *out, enum digest_kind kind, struct span bytes);

/* HMAC-SHA-256 (RFC 2104). */
void digest_keyed(struct digest *out, struct span key, struct span bytes);
/* HKDF-SHA-256 (RFC 5869): n bytes, at most 255 * DIGEST_BYTES. */
void digest_derive(void *out, size_t n, struct span secret, struct span salt,
                   struct span info);

/* SHA-1, for the labels that other products use as alias and key identifier; never trusted.
 */
#define SHA1_BYTES 20
void digest_sha1_label(unsigned char out[SHA1_BYTES], struct span bytes);

/* "sha256", "blake3"; and back (false when it is neither). */
const char *digest_name(enum digest_kind kind);
bool digest_named(enum digest_kind *out, const char *name);

void digest_hex(char out[DIGEST_HEX], const struct digest *digest);
/* 64 hexadecimal characters, nothing else. */
bool digest_from_hex(struct digest *out, const char *hex);
/* Constant in time. */
bool digest_equal(const struct digest *a, const struct digest *b);
/* Constant in time for equal lengths; the length itself is no secret. */
bool digest_same_secret(struct span a, struct span b);
struct span digest_span(const struct digest *digest);

must_check bool random_fill(void *out, size_t n, struct error *err);
