/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of a handshake, and what is known after it; for tls.c. */
#pragma once

#include "pairing/tls.h"

/* The policy of both ends of the peer port, and of libcurl. `facts` is borrowed. */
must_check bool tls_policy(struct WOLFSSL_CTX *ctx, const struct identity *self,
                           enum leaf_use use, struct tls_facts *facts, struct error *err);
/* That of a server to which anybody may come: no certificate is asked for, and TLS 1.2 with
 * ECDHE and AES-GCM will do (RFC 9325). */
must_check bool tls_policy_anyone(struct WOLFSSL_CTX *ctx, const struct identity *self,
                                  struct tls_facts *facts, struct error *err);
/* The facts of an established connection of the first kind. E_TLS_POLICY when it is not as
 * was asked. */
must_check bool tls_policy_facts(struct tls_facts *facts, struct WOLFSSL *ssl,
                                 struct error *err);
