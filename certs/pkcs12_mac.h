/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The digest of a PKCS#12 (RFC 7292 section 5 and appendix B) under a passphrase that is
 * not ASCII: the passphrase counts as a BMPString (B.1), where wolfCrypt widens single
 * bytes.
 */
#pragma once

#include "base/buf.h"

#define PKCS12_ROUNDS_MAX 10000000

/*
 * Check the digest under a passphrase in UTF-8; append the same file without its digest to
 * `bare`. E_PASSPHRASE when it does not agree, E_PKCS12 when it is not DER or has none.
 */
must_check bool pkcs12_mac_holds(struct buf *bare, struct span file, struct span passphrase,
                                 struct error *err);
