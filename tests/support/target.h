/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The smallest target that a source can be tested against: TLS, HTTP and the transfer
 * routes over a struct receive, a thread for each connection, faults on order.
 */
#pragma once

#include "pairing/grant.h"
#include "tests/support/family.h"
#include "transfer/put.h"
#include "transfer/receive.h"

#include <stdatomic.h>

#define TARGET_CONNECTIONS 64

struct target {
    struct family family;
    struct appliance source, self;
    struct grant grant; /* what the source holds */
    struct endpoint endpoint;
    struct receive *receive; /* or NULL: every request is answered with 200 {} */
    _Atomic int64_t clock;
    int listening;
    pthread_t acceptor;
    pthread_t thread[TARGET_CONNECTIONS];
    int socket[TARGET_CONNECTIONS];
    _Atomic unsigned connections;
    _Atomic unsigned requests;
    atomic_uint break_every;  /* break the connection at each n-th request; 0: never */
    atomic_int refuse_status; /* answer this with E_DISK_FULL; 0: not */
    atomic_uint most;         /* connections; others are not let in; 0: they are */
    atomic_bool silent;       /* take requests and never answer */
};

void target_begin(struct target *out, struct receive *receive);
struct route target_route(struct target *target);
/* The newest connection, which is open, ends as if the target had been killed. */
void target_hang_up(struct target *target);
void target_end(struct target *target);
