/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Anchors that may go: expired, needed by nobody, or both; never the last one. */
#pragma once

#include "agent/state.h"
#include "certs/published.h"

struct prune_wish {
    bool expired, unused; /* all that are asked for must hold */
    time_t now;
};
struct pruned {
    struct store gone; /* what goes */
    size_t elsewhere;  /* published by another appliance: they would come back */
};
must_check bool prune_find(struct pruned *out, struct state *state,
                           const struct prune_wish *wish, struct error *err);
/* Take them out of our own list and out of the store, with tombstones. */
must_check bool prune_do(struct state *state, const struct pruned *pruned, time_t now,
                         struct error *err);
void pruned_clear(struct pruned *pruned);
