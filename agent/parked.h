/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections that wait for a person — the operator who approves, the administrator who
 * types a password — cost a socket and no thread: a thread leaves them here, the acceptor
 * polls them, and a thread takes one up again when it speaks.
 */
#pragma once

#include "agent/bounds.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;

struct parked {
    pthread_mutex_t lock;
    int bell; /* eventfd: somebody was left here */
    bool opened;
    size_t n;
    struct parked_place {
        struct peer *peer;
        int64_t since_ms;
        int patience_ms;
    } place[PARKED_MAX];
};

bool parked_open(struct parked *out);
/* Leave it here; false when there is no room, also for its address. */
bool parked_leave(struct parked *parked, struct peer *peer, int64_t now_ms);
/*
 * What to poll: the bell and those who are here, PARKED_MAX + 1 at most. Only the acceptor
 * takes away, so the places stay as they are until parked_take.
 */
size_t parked_wait(struct parked *parked, struct pollfd *wait);
/* Of the *left polled, one that spoke or was silent too long (*over); NULL when no other is
 * left. */
struct peer *parked_take(struct parked *parked, const struct pollfd *wait, size_t *left,
                         int64_t now_ms, bool *over);
/* The bell was heard. */
void parked_hush(struct parked *parked);
/* Any of them, to be ended; NULL when nobody is left. */
struct peer *parked_any(struct parked *parked);
void parked_close(struct parked *parked);
