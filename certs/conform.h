/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The form that RFC 5280 section 4 demands of a conforming CA's certificates, beyond what
 * the parser insists on: key identifiers, which extensions are critical and where they may
 * stand, names. Old CAs break it and their chains still pair; `chain verify` refuses them.
 */
#pragma once

#include "certs/cert.h"

/* Add a finding for everything that does not conform. */
void conform_judge(struct report *out, const struct cert *cert, size_t rung);
/* What public servers' certificates may not have (CA/Browser Forum BR 7.1.2.7 and 7.1.4.3):
 * an EKU that is critical or says "any", a CN that claims a name the SAN does not have. */
void conform_judge_server(struct report *out, const struct cert *leaf);
