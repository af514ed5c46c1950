/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the conditions of the connection check share. Only pairing/verdict*.c see it. */
#pragma once

#include "pairing/verdict.h"

/* One leaf of one side, with its chain. */
struct stand {
    enum side side;
    enum leaf_use use; /* LEAF_BOTH: its side has but this one */
    const struct chain *chain;
    const struct chain_order *order;
};

/* The comparison and what was laid out of it. */
struct bench {
    const struct comparison *c;
    const struct leaves *peer;
    enum side other;
    /* Of the leaves that are presented; then, when a side has two, of the other ones. */
    struct ladder ladder[2];
    size_t ladders;
    struct stand stand[4]; /* stands of them, the source's first, presented ones first */
    size_t stands;
};

/* Add a finding about this leaf's chain, with its side. */
void bench_tell(struct report *out, const struct stand *stand, struct error *finding);
bool bench_is_skewed(const struct bench *bench, int64_t seconds);

/* The conditions about clocks and dates (verdict_dates.c). */
void clocks_agree(const struct bench *bench, struct report *out);
void valid_by_both_clocks(const struct bench *bench, struct report *out);
void nothing_expires_meanwhile(const struct bench *bench, struct report *out);
