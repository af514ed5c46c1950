/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ends of one TLS connection in one program, the target's in a thread of its own. */
#pragma once

#include "pairing/tls.h"

#include <pthread.h>

struct loopback {
    struct tls source, target; /* cleared where the handshake failed */
    bool source_good, target_good;
    struct error source_err, target_err;
};

/* Hand-shake over a socket pair; look at both results. */
void loopback_open(struct loopback *out, const struct identity *source,
                   const struct identity *target);
/* Both good. */
bool loopback_is_good(const struct loopback *loopback);
void loopback_close(struct loopback *loopback);

/* tls_accept on this socket in a thread; for foreign clients. */
struct acceptor {
    struct tls tls;
    const struct identity *self;
    int socket;
    bool good;
    struct error err;
    pthread_t thread;
};
void acceptor_begin(struct acceptor *out, int socket, const struct identity *self);
/* Waits; true when the handshake was good. The socket is closed when it was not. */
bool acceptor_end(struct acceptor *acceptor);
/* A listening TCP socket on 127.0.0.1. */
int loopback_listen(unsigned *port);
