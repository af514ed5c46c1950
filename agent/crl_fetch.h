/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Revocation lists taken in: from a file, or over HTTP from where a list came before and
 * where the certificates of our own chain say (cRLDistributionPoints).
 */
#pragma once

#include "certs/crl_store.h"

struct crl_taken {
    size_t taken, unchanged;
    struct report failed; /* one finding an address or list */
};
void crl_taken_clear(struct crl_taken *taken);

/* The CAs known here: our own chain, the anchors, and `more` when it is not NULL. */
must_check bool crl_known_cas(struct chain *out, int state, const struct chain *more,
                              struct error *err);
/* Every list of a file, kept beside its CA; `url` as in struct crl_wish. */
must_check bool crl_take_file(struct crl_taken *out, int state, struct span file,
                              const struct chain *cas, const char *url, time_t now,
                              struct error *err);
/* Fetch them all again. What fails is told and does not stop the rest. */
must_check bool crl_fetch_all(struct crl_taken *out, int state, time_t now,
                              struct error *err);
