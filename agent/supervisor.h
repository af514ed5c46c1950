/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One agent is two processes. The supervisor holds the private key and the database of
 * authority; the worker talks to the network, parses and stages, and asks the supervisor
 * for signatures (certs/signer.h) and authority (agent/authority.h). They part before the
 * key is read and before any thread starts.
 */
#pragma once

#include "agent/authority.h"
#include "agent/state.h"
#include "certs/crl_store.h"
#include "certs/identity.h"
#include "certs/signer.h"
#include "certs/trust.h"

#include <stdatomic.h>

struct worker {
    int state;                /* borrowed descriptor of the state directory */
    atomic_bool seen;         /* the identity's first good pairing is noted */
    struct identity identity; /* without its private key: key.signer leads to it */
    struct trust trust;
    struct held_crls crls;
    struct signer signer;
    struct authority authority;
};

/* What the pair of processes is for. */
struct duty {
    bool is_target;
    bool json;                          /* how events are told */
    const char *migration;              /* source: the one to go on with, or NULL */
    const struct migration_facts *wish; /* source: what it asks for, or NULL */
};

/*
 * Fork. Returns in the worker only; the supervisor serves until the worker ends, passes
 * SIGTERM and SIGINT on to it, and exits with its status. When the supervisor dies, so does
 * the worker. Hooks that are owed are run before it exits, unless a signal ended it.
 */
must_check bool supervisor_part(struct worker *out, struct state *state,
                                const struct duty *duty, struct error *err);
/* Both verdicts were good: from now on older identities may be pruned (T-42). */
void worker_was_paired(struct worker *worker);
void worker_clear(struct worker *worker);
