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

/*
 * Fork. Returns in the worker only; the supervisor serves until the worker ends, passes
 * SIGTERM and SIGINT on to it, and exits with its status. Each second it looks after the
 * state directory (agent/upkeep.h). When the supervisor dies, so does the worker.
 */
must_check bool supervisor_part(struct worker *out, struct state *state, bool is_target,
                                struct error *err);
