/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handshake's CertificateVerify (RFC 8446 4.4.3), signed by whoever holds the key. */
#pragma once

#include "certs/key.h"

struct WOLFSSL;
struct WOLFSSL_CTX;

/* wolfSSL asks us for signatures and needs no private key. */
void tls_sign_policy(struct WOLFSSL_CTX *ctx);
/* Those of this connection are made with this key; borrowed. */
void tls_sign_on(struct WOLFSSL *ssl, const struct key *key);
