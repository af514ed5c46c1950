/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/passing.h"

static void count(struct passing *passing, uint64_t plain)
{
    if (passing->sum == NULL)
        return;
    if (plain >= passing->counted)
        atomic_fetch_add(passing->sum, plain - passing->counted);
    else
        atomic_fetch_sub(passing->sum, passing->counted - plain);
    passing->counted = plain;
}

void passing_begin(struct passing *out, _Atomic uint64_t *sum, size_t body, size_t plain)
{
    *out = (struct passing){.sum = sum, .body = body, .plain = plain};
}

void passing_reach(struct passing *passing, size_t sent)
{
    if (passing->body > 0)
        count(passing, (uint64_t)sent * passing->plain / passing->body);
}

void passing_end(struct passing *passing)
{
    count(passing, 0);
}
