/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Root certificates and entries of the test's own, good at AT_NOON. Whatever fails in here
 * stops the program. */
#pragma once

#include "certs/ca.h"
#include "certs/crl.h"
#include "certs/store.h"
#include "tests/support/cases.h"
#include "tests/support/scratch.h"

/* A CA in a directory of its own. */
struct root {
    struct scratch scratch;
    struct ca ca;
};
void root_make(struct root *out, const char *name);
const struct cert *root_cert(const struct root *root);
/* The same name and key, another certificate. */
void root_renew(struct root *root);
/* An entry of the root in a store; `alias` may be NULL. */
void root_entry(struct entry *out, const struct root *root, const char *store,
                const char *alias);
/* An empty revocation list of the root, made at `now`, for a week. */
void root_crl(struct crl *out, const struct root *root, time_t now);
void root_clear(struct root *root);
