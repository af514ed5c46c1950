/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Name constraints (RFC 5280 4.2.1.10): what the certificates below a CA may be called.
 * Compared are DNS names, addresses, e-mail, URIs and directory names; a constraint of
 * another form is broken by every name of that form.
 */
#pragma once

#include "certs/cert.h"

/* Contents of the NameConstraints SEQUENCE. */
bool constraints_are_well_formed(struct span constraints);
/* They limit a form of name that we do not compare. */
bool constraints_are_beyond_us(struct span constraints);

/* Comparisons left; a whole path shares them, so that no chain costs us long. */
#define CONSTRAINT_TRIES 100000
/*
 * Do all names of `cert` keep what `issuer`, above it, allows? `is_leaf`: then its CN
 * counts as a DNS name when it has no subjectAltName.
 */
must_check bool constraints_hold(const struct cert *cert, bool is_leaf,
                                 const struct cert *issuer, unsigned *tries,
                                 struct error *err);
/* Every certificate of a path, leaf first, under every CA above it. The finding's rung is
 * that of the offending certificate. */
must_check bool constraints_hold_along(const struct cert *const *path, size_t n,
                                       struct error *err);
