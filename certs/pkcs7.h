/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bag of certificates: the degenerate PKCS#7 SignedData (RFC 2315 section 9) that CAs
 * hand out as .p7b. A set has no order, so what comes out is in none.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

struct pkcs7 {
    struct span certs; /* one certificate after the other, as DER; borrowed */
};

must_check bool pkcs7_read(struct pkcs7 *out, struct span der, struct error *err);
/* Take the next certificate; *found is false behind the last. */
must_check bool pkcs7_next(struct span *cert, bool *found, struct pkcs7 *bag,
                           struct error *err);
