/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listening socket: who is let in when (bounds.h), a thread for each one that speaks.
 */
#pragma once

#include "agent/peer.h"

struct listener {
    int socket;  /* -1 until opened, like the next */
    int signals; /* SIGTERM and SIGINT, blocked in this process from now on */
    size_t room; /* for sockets that wait, agent/hall.h */
    char address[ADDRESS_TEXT_MAX]; /* as bound, "127.0.0.1:8443" or "[::1]:8443" */
};

/* A listening socket at "ADDR:PORT", and where that is; port 0 takes a free one. */
must_check bool listen_bind(int *out, char shown[ADDRESS_TEXT_MAX], const char *address,
                            struct error *err);
/* The same, and the signals. */
must_check bool listen_open(struct listener *out, const char *address, struct error *err);
/* On a socket that listens already; it is the listener's from now on. */
must_check bool listen_given(struct listener *out, int socket, struct error *err);
/* On none: for listen_wait. */
must_check bool listen_nowhere(struct listener *out, struct error *err);
/* Serve nobody, until a signal comes. */
void listen_wait(const struct listener *listener);
/* Accept and serve until service->stop; returns when every connection has ended. */
void listen_serve(const struct listener *listener, struct service *service);
void listen_close(struct listener *listener);
