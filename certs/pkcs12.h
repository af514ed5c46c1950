/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PKCS#12 (RFC 7292): one key, its certificate, and those of its issuers. */
#pragma once

#include "certs/chain.h"
#include "certs/key.h"

#define PKCS12_MAX (2U << 20)

/* The leaf comes first, what else is in the file follows in no particular order.
 * E_PASSPHRASE when it is the wrong one. */
must_check bool pkcs12_read(struct key *key, struct chain *chain, struct span file,
                            struct span passphrase, struct error *err);
