/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --filter FIELD~TEXT and FIELD=TEXT: an entry is shown when all of them hold (M-20). */
#pragma once

#include "agent/args.h"
#include "certs/store.h"

#include <time.h>

#define FILTERS_MAX 16

struct filter {
    struct criterion {
        unsigned field; /* a row of the table in filter.c */
        bool exact;     /* '=': all of it, else a part; neither minds ASCII case */
        const char *text;
    } item[FILTERS_MAX];
    size_t n;
};

/* Take every --filter off the arguments. */
must_check bool filter_read(struct filter *out, struct args *args, struct error *err);
bool filter_admits(const struct filter *filter, const struct entry *entry, time_t now);
/* "own", "published" (kept by a list) or "imported". */
const char *entry_origin(const struct entry *entry);
