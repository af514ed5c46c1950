/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker of the management API, one process for each listening socket: accepts, speaks
 * TLS (on the local socket nothing) and HTTP, and hands each request to the clerk
 * (agent/clerk.h) through the window of its seat. It knows no password, no key, no file and
 * decides nothing.
 */
#pragma once

#include "agent/worker.h"

/* What it is given when it is made; all of it its own from then on. */
struct manage_place {
    int listening;
    bool local;
    uid_t owner;       /* local: who may call besides root */
    const int *window; /* n sockets that lead to the clerk, one a seat */
    size_t n;
    struct worker *worker; /* for credentials and handshakes; NULL when local */
};

/* Until SIGTERM, or until the clerk or the supervisor has gone; ends the process. */
_Noreturn void manage_serve(const struct manage_place *place);
