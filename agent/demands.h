/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of `pair`, `migrate`, `listen` and `preflight` that ask more than the policy.
 */
#pragma once

#include "agent/args.h"
#include "certs/policy.h"
#include "pairing/verdict.h"

#define DEMANDS_WORDS "[--policy P] [--pin SHA256]… [--require-pq] [--require-revocation]"

/* --policy, --pin (repeatable), --require-pq, --require-revocation. */
must_check bool demands_read(struct args *args, enum policy *policy, struct demands *out,
                             struct error *err);
/* A key's SHA-256 as people write it: hexadecimal, colons and blanks allowed. */
must_check bool demands_pin(struct demands *out, const char *text, struct error *err);
