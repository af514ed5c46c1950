/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One extension of a certificate, a request or a revocation list (RFC 5280 4.1). */
#pragma once

#include "base/scope.h"
#include "base/span.h"

struct extension {
    struct span oid;
    bool critical;
    struct span value; /* OCTET STRING contents */
};

/* Take the next one off *in; false when it is malformed. */
must_check bool extension_take(struct extension *out, struct span *in);
