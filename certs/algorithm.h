/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which key and which signature: AlgorithmIdentifier and SubjectPublicKeyInfo with their
 * parameters checked as RFC 3279, 4055, 5480, 5758, 8017 and 8410 say. What is not exactly
 * one of the accepted forms is UNKNOWN, which the rule `algorithm` refuses.
 */
#pragma once

#include "certs/cert.h"

enum hash {
    HASH_NONE,
    HASH_MD2,
    HASH_MD5,
    HASH_SHA1,
    HASH_SHA224,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512
};

struct scheme {
    enum signature_kind kind;
    enum key_kind key; /* of which kind the signer must be; KEY_EC_P256 for any curve */
    enum hash hash;
    unsigned salt; /* bytes, RSA-PSS only */
    bool pss;
};

/* `algorithm` is an AlgorithmIdentifier with its header. False when it is malformed. */
must_check bool scheme_read(struct scheme *out, struct span algorithm);
/* "SHA-256 with RSA" for people; an OID when it is unknown. */
void scheme_text(char out[CERT_TEXT_MAX], struct span algorithm);

struct public_key {
    enum key_kind kind;
    unsigned bits;
    struct span bytes; /* BIT STRING contents: RSAPublicKey, point or 32 bytes */
    char name[CERT_KEY_NAME_MAX];
};
/* `spki` with its header. False when it is malformed. */
must_check bool public_key_read(struct public_key *out, struct span spki);
