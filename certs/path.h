/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does a chain reach an anchor? RFC 5280 section 6.1 on the path the certificates
 * themselves give, ending in a key we trust. Bounded: at most PATH_TRIES candidate links
 * are verified.
 */
#pragma once

#include "certs/chain.h"
#include "certs/trust.h"

#define PATH_TRIES 1024

struct path {
    size_t n;
    const struct cert *cert[CHAIN_MAX + 1]; /* leaf first, anchor last */
};

/*
 * Build a path from `leaf` over certificates of `others` to an anchor, each link by name
 * and signature, CA flags and pathLen holding. False with nothing found: *out is empty.
 */
bool path_build(struct path *out, const struct cert *leaf, const struct chain *others,
                const struct trust *trust);
