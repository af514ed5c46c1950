/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A state directory with everything in it that certs/ keeps: two identities, a request, an
 * anchor, a store with an entry, another that was removed, a revocation list, a list of its
 * own and an adopted one, a CA and what it issued. And what such a directory says, so that
 * two of them can be compared. Whatever fails in here stops the program.
 */
#pragma once

#include "certs/key.h"
#include "certs/published.h"
#include "tests/support/roots.h"

#define WHOLE_SAYS_MAX 4096
#define WHOLE_STORE "lab"
#define WHOLE_REMOVED "; removed" /* before the last part of what is said */

struct whole {
    struct root root, other; /* the first one's scratch is the state, `other` a stranger */
    struct key key, leaf_key;
    struct chain own, leaf; /* self-signed; of the root's CA */
    struct buf request;
    struct crl crl, later; /* the root's; the first is held */
};

void whole_make(struct whole *out);
void whole_clear(struct whole *whole);

/* Everything that can be read there, keys too; false with the error. */
bool whole_says(char out[WHOLE_SAYS_MAX], int state, struct error *err);
