/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process that answers the management API. It has the state directory and the tables
 * of routes, and is not on the network: workers (agent/manage.h) hand it one request at a
 * time through each of their windows, a stream socket apiece. It judges who is calling,
 * finds the row, and answers by itself or with what a command printed.
 */
#pragma once

#include "agent/state.h"

#include <stdnoreturn.h>

/* A worker's connection to the clerk; `local` was settled when it was made. */
struct window_end {
    int socket;
    bool local;
};

/* Serve these windows until all of them are closed or SIGTERM comes; ends the process. The
 * state is opened, without its database. */
_Noreturn void clerk_serve(struct state *state, const struct window_end *windows, size_t n);
