/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a leaf key signs besides handshakes: context string and NUL, role, SHA-256 of the
 * exact body. Each kind has a context string of its own, so that no signature can be taken
 * for one of another kind; the process that holds the key puts it in front itself.
 */
#pragma once

#include "certs/key.h"

enum statement {
    STATEMENT_VERDICT,
    STATEMENT_FREEZE,
    STATEMENT_RECEIPT,
    STATEMENT_ABORT,
    STATEMENT_PUBLISHED, /* a published list of anchors */
    STATEMENT_VOUCH,     /* one leaf for the other (certs/leaves.h); no worker may ask */
    STATEMENT_AUDIT      /* a head of the record; no worker may ask for it */
};
#define STATEMENTS 7
#define STATEMENT_BODY_MAX 65536
#define STATEMENT_ROLE_MAX 16 /* "source", "target": lower-case letters, NUL included */

/* The bytes that are signed: "pairgate verdict v1\0" + role + SHA-256(body). */
must_check bool statement_message(struct buf *out, enum statement kind, const char *role,
                                  struct span body, struct error *err);
/* With the private key itself, or through key->signer. */
must_check bool statement_sign(struct buf *signature, const struct key *key,
                               enum statement kind, const char *role, struct span body,
                               struct error *err);
bool statement_verifies(struct span spki, enum statement kind, const char *role,
                        struct span body, struct span signature);
