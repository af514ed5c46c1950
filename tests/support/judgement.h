/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of tests/data/pairs judged live by one side; a test makes the one difference. */
#pragma once

#include "pairing/verdict.h"
#include "tests/support/pairs.h"

struct judgement {
    struct pair_case given;
    struct trust trust; /* the root of its own chain */
    struct comparison comparison;
    struct report report;
};

/* Through the eyes of `self`, at noon. Two leaves of a folder vouch for nothing. */
void judgement_make(struct judgement *out, const char *name, enum side self);
/* Judge anew; the first finding of this message, or NULL. */
const struct error *judged(struct judgement *j, enum msg msg);
/* The findings of this message after judged(). */
size_t judged_times(const struct judgement *j, enum msg msg);
void judgement_clear(struct judgement *j);
