/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One agent is two processes. The supervisor holds the private key and the database of
 * authority; the worker talks to the network, parses and stages, and asks the supervisor
 * for signatures (certs/signer.h) and authority (agent/authority.h). They part before the
 * key is read and before any thread starts.
 */
#pragma once

#include "agent/state.h"
#include "agent/worker.h"

struct manage_sockets; /* staff.h */

/* What the pair of processes is for. */
struct duty {
    bool is_target;
    bool hookless;                      /* others run the hooks of this directory */
    bool json;                          /* how events are told */
    const char *migration;              /* source: the one to go on with, or NULL */
    const struct migration_facts *wish; /* source: what it asks for, or NULL */
    struct manage_sockets *manage;      /* the management API's, taken over; or NULL */
};

/*
 * Fork. Returns in the worker only; the supervisor serves until the worker ends, passes
 * SIGTERM and SIGINT on to it, and exits with its status. Each second it looks after the
 * state directory (agent/upkeep.h). When the supervisor dies, so does the worker. Hooks
 * that are owed are run before it exits, unless a signal ended it.
 */
must_check bool supervisor_part(struct worker *out, struct state *state,
                                const struct duty *duty, struct error *err);
