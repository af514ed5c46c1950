/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signed documents that carry trust between appliances, as files (docs in
 * coming-from.md): JSON {"v":1, "kind":"published"|"holding", "body":base64,
 * "chain":[base64 DER, leaf first], "signature":base64}. The signature is
 * STATEMENT_PUBLISHED over the SHA-256 of the body, role "publisher" or "holder". Verified
 * first, parsed then.
 */
#pragma once

#include "base/buf.h"
#include "certs/identity.h"
#include "certs/trust.h"

#define DOCUMENT_BYTES_MAX (4U << 20)

enum document { DOCUMENT_PUBLISHED, DOCUMENT_HOLDING };

must_check bool document_sign(struct buf *out, enum document kind, struct span body,
                              const struct identity *signer, struct error *err);
/*
 * The body of a document of this kind and the signer's chain, leaf first: its leaf signed
 * it, and it leads to an anchor with every date good at `now`. E_PUBLISHED_SIGNER
 * otherwise.
 */
must_check bool document_open(struct buf *body, struct chain *signer, enum document kind,
                              struct span text, const struct trust *trust, time_t now,
                              struct error *err);
