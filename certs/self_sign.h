/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates that an appliance signs for itself. */
#pragma once

#include "certs/chain.h"
#include "certs/key.h"

struct self_sign {
    const char *name; /* the common name */
    struct span san;  /* GeneralNames contents; empty: the name alone */
    unsigned days;
    time_t now;
};
/* One end-entity certificate, for both uses; begins ten minutes ago, as those of the CA. */
must_check bool self_sign(struct chain *out, const struct key *key,
                          const struct self_sign *wish, struct error *err);
