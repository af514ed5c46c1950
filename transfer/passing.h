/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much of a body that is under way has been handed to the connection, for somebody who
 * watches: in a sum that all streams share, as the plain bytes that it stands for.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct passing {
    _Atomic uint64_t *sum; /* NULL: nobody watches */
    size_t body;           /* bytes of it */
    size_t plain;          /* that they stand for: the same, or more */
    uint64_t counted;      /* of the sum, by this one */
};

void passing_begin(struct passing *out, _Atomic uint64_t *sum, size_t body, size_t plain);
/* The first `sent` bytes are handed over; fewer than before when it begins anew. */
void passing_reach(struct passing *passing, size_t sent);
/* The request is over: nothing of it is under way. */
void passing_end(struct passing *passing);
