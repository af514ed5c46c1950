/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listening socket: who is let in when (bounds.h), a thread for each one that speaks.
 */
#pragma once

#include "agent/peer.h"

struct listener {
    int socket;
    char address[ADDRESS_TEXT_MAX]; /* as bound, "127.0.0.1:8443" or "[::1]:8443" */
};

/* "ADDR:PORT"; port 0 takes a free one. */
must_check bool listen_open(struct listener *out, const char *address, struct error *err);
/* Accept and serve until service->stop; returns when every connection has ended. */
must_check bool listen_serve(struct listener *listener, struct service *service,
                             struct error *err);
void listen_close(struct listener *listener);
