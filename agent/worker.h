/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process that talks to the network. It holds no private key and reads no state
 * directory: credentials, signatures and authority are the supervisor's to give
 * (agent/supervisor.h).
 */
#pragma once

#include "agent/authority.h"
#include "agent/credentials.h"
#include "certs/signer.h"

struct worker {
    struct authority authority;
    struct signer signer;
    pthread_mutex_t lock; /* of what follows; held while the newest are asked for */
    bool open;
    struct credentials **held; /* n of them, the newest and those that connections use */
    size_t n;
    /* A command that dials stays with these. A listener's change with worker_take. */
    struct credentials *newest;
    unsigned seen;     /* the identity whose first good pairing was noted */
    struct error told; /* the last reason why nothing newer was to be had */
};

/* Takes both sockets over, and fetches the first credentials. */
must_check bool worker_begin(struct worker *out, int signer, int authority,
                             struct error *err);
/*
 * The newest credentials, for one connection, until they are given back. When the newest
 * cannot be had the reason is told on standard error, once, and the connection gets those
 * that were. `fresh`: nobody has had them before.
 */
struct credentials *worker_take(struct worker *worker, bool *fresh);
void worker_give_back(struct worker *worker, struct credentials *credentials);
/* Both verdicts were good: from now on older identities may be pruned (T-42). */
void worker_was_paired(struct worker *worker, const struct credentials *credentials);
void worker_clear(struct worker *worker);
