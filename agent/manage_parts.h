/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the worker of the management API. */
#pragma once

#include "agent/bounds.h"
#include "agent/manage.h"
#include "agent/origins.h"

#include <stdatomic.h>

/* An accepted socket. */
struct manage_caller {
    int socket;
    char host[ORIGIN_HOST_MAX]; /* empty: local */
    uid_t uid;                  /* local: who it is */
    bool stranger;              /* local, and not one of those who may */
    int64_t since_ms;
};

struct manage {
    const struct manage_place *place;
    pthread_mutex_t lock; /* of the seats */
    pthread_cond_t left;
    struct {
        bool taken;
        int socket; /* a second descriptor of its connection */
        char host[ORIGIN_HOST_MAX];
    } seat[MANAGE_SEATS];
    size_t inside;
    int wake;            /* an event: a seat has become free */
    atomic_bool crowded; /* somebody waits for a seat: nobody keeps one between requests */
    atomic_bool stop;
};

/* One connection from its handshake to its end, on its seat. The socket is closed. */
void manage_guest(struct manage *manage, const struct manage_caller *caller, int window);
