/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A listed tree, a target on the loopback that waits for it, and the source's end. */
#pragma once

#include "tests/support/carry.h"
#include "tests/support/target.h"
#include "transfer/send.h"

#define TRIP_TREE                                                                          \
    "head -c 30000000 /dev/urandom >big; mkdir d;"                                         \
    "for i in $(seq 500); do seq $i >d/$i; done"

struct trip {
    struct carry carry;
    struct target target;
    struct send send;
    struct put line;
    struct error err;
};

void trip_make(struct trip *out, const char *shell);
/* send_open, after the tree was listed anew. */
void trip_open(struct trip *trip);
bool trip_go(struct trip *trip);
/* Roots as the source computes them, seal, publish; asserts that the tree is there. */
void trip_finish(struct trip *trip);
void trip_clear(struct trip *trip);
