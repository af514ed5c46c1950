/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both chains side by side, rung by rung from the leaf: Issued To and Issued By compared as
 * RFC 5280 7.1 names, and the keys behind equal names (O-27, T-07, T-08).
 */
#pragma once

#include "certs/chain.h"
#include "certs/trust.h"

/* What stands behind two rungs of one name. */
enum rung_key {
    RUNG_KEY_NONE,    /* the names differ, or it is the leaf */
    RUNG_KEY_SAME,    /* the same certificate */
    RUNG_KEY_RENEWED, /* another certificate of the same key */
    RUNG_KEY_REKEYED, /* another key, and the peer's reaches our anchor: one CA, re-keyed */
    RUNG_KEY_IMPOSTOR /* another key without a path to our anchor: not the same CA */
};

struct rung {
    const struct cert *source; /* NULL where that side's ladder has ended */
    const struct cert *target;
    enum name_relation issued_to; /* NAME_SAME for the leaf, which is not compared */
    enum name_relation issued_by;
    enum rung_key key;
    bool match; /* "<->", else "X" */
};

/* One side's chain in path order, leaf first. */
struct upright {
    const struct cert *cert[CHAIN_READ_MAX];
    size_t n;
    struct chain_order order; /* of the chain as presented */
};

struct ladder {
    struct upright source, target;
    struct rung rung[CHAIN_READ_MAX];
    size_t n; /* rungs of the longer side */
};

/*
 * Lay both chains (as presented, in any order; borrowed) side by side. `own` says whose
 * eyes look: the other side's keys are held against `trust`.
 */
void ladder_lay(struct ladder *out, const struct chain *source, const struct chain *target,
                enum side own, const struct trust *trust);
/* "same", "renewed", "re-keyed", "other"; NULL for none. */
const char *rung_key_name(enum rung_key key);
/* Rules ladder-depth, ladder-name and ladder-key. */
void ladder_judge(const struct ladder *ladder, struct report *out);
