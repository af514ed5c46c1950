/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rule `revocation`: a list held for a rung's issuer is asked about the rung. */
#pragma once

#include "certs/crl_store.h"
#include "pairing/ladder.h"

/*
 * Both ladders against the lists this side holds. A revoked certificate is an error; a list
 * that is out of date a warning; issuers without one, and one whose issuer is not
 * presented, a note. With `required` all these are errors.
 */
void revocation_judge(const struct ladder *ladder, const struct held_crls *held,
                      bool required, time_t now, struct report *out);
