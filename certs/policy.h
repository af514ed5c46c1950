/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The four policies as data: rule x policy x occasion -> error, warning or skip. Some
 * messages of a rule have a row of their own (docs/rules.md shows the whole table).
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"

enum policy { POLICY_DEFAULT, POLICY_OME, POLICY_STRICT, POLICY_FIPS };
#define POLICIES 4

enum occasion {
    OCCASION_UPLOAD,  /* a file becomes this appliance's chain; also `chain check` */
    OCCASION_OWN,     /* our own chain when pairing */
    OCCASION_PEER,    /* the peer's chain when pairing */
    OCCASION_OFFLINE, /* preflight: both chains, neither key at hand */
    OCCASION_SINGLE   /* `certificate upload`: one server certificate */
};
#define OCCASIONS 5

/* What a finding is worth; false when it is not told there. */
bool policy_severity(enum msg msg, enum policy policy, enum occasion occasion,
                     enum severity *out);
/* The same for a rule, whatever breaks it in the ordinary way. */
bool policy_rule_severity(const char *rule, enum policy policy, enum occasion occasion,
                          enum severity *out);

const char *policy_name(enum policy policy);
must_check bool policy_named(enum policy *out, const char *name, struct error *err);
/* The digest of contents: BLAKE3, SHA-256 under fips. */
enum digest_kind policy_digest(enum policy policy);
unsigned policy_rsa_bits_min(enum policy policy);
