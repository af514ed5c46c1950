/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of tests/data/chains, judged at noon. */
#pragma once

#include "certs/rules.h"

void judge_case(struct report *out, const char *name, enum policy policy,
                enum occasion occasion);

/* One fault and how it is told. */
struct told {
    const char *folder;
    enum msg msg;
    unsigned rung;     /* NO_RUNG_TOLD: none */
    const char *about; /* words of the detail */
};
#define NO_RUNG_TOLD 99U

/* Under policy default, at upload: this is the first finding of its message, and so told.
 */
bool is_told(const struct told *told);
