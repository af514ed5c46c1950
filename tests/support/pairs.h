/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of tests/data/pairs, and what reports look like beside their `expect`. */
#pragma once

#include "certs/leaves.h"

#define AT_NOON 1813060800 /* 2027-06-15T12:00:00Z */
#define TOLD_MAX 512

struct pair_case {
    struct chain source, target;             /* as that side would present it */
    struct chain source_other, target_other; /* of its other leaf, when it has two */
    struct buf expect, clocks;               /* text, terminated */
};

/* Stops the program when the folder cannot be read. */
void pair_case_load(struct pair_case *out, const char *name);
void pair_case_clear(struct pair_case *given);

/* Both leaves of a side, borrowed; nothing vouches. */
struct leaves pair_case_leaves(const struct pair_case *given, enum side side);

/* The line of `expect` or `clocks` behind "key: "; false when there is none. */
bool pair_case_expects(char out[TOLD_MAX], const struct buf *lines, const char *key);
/* "rule severity, …" in the order of the alphabet, each rule's worst; "-" for none. */
void report_tell(char out[TOLD_MAX], const struct report *report);
