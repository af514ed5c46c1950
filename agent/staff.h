/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The processes of the management API, made by the supervisor before it has read a key: the
 * clerk, and a worker for each listening socket. Each keeps open what is its own, and ends
 * with the supervisor.
 */
#pragma once

#include "agent/authority.h"
#include "agent/door.h"
#include "agent/state.h"

#include <sys/types.h>

#define STAFF_MAX 3
#define MANAGE_SOCKET "manage.sock" /* in the state directory */

/* The listening sockets; -1 where there is none. */
struct manage_sockets {
    int local, remote;
    char address[ADDRESS_TEXT_MAX]; /* of the remote one, as bound */
};
/* The local one is made in the state directory, in place of one that is there; the other
 * one at "ADDR:PORT", or not when that is NULL. */
must_check bool manage_sockets_open(struct manage_sockets *out, const struct state *state,
                                    const char *address, struct error *err);
void manage_sockets_close(struct manage_sockets *sockets);

struct staff {
    struct {
        pid_t pid; /* 0: it has ended */
        const char *what;
    } member[STAFF_MAX];
    size_t n;
    /* The worker of the remote socket gets the public part of who we are, and signatures of
     * handshakes; from a custody of its own, so that its questions are nobody else's. */
    int signer, authority; /* our ends; -1: there is no such worker */
    size_t asker;          /* which member that is */
    struct custody custody;
    struct office office;
};

/* Takes the sockets over. `state` is opened, without its database. */
must_check bool staff_begin(struct staff *out, struct state *state,
                            struct manage_sockets *sockets, struct error *err);
/* The supervisor is ready for them, or has failed with `why`. */
must_check bool staff_ready(struct staff *staff, struct state *state,
                            const struct error *why, struct error *err);
/* What one of them was that has ended, with its status as waitpid gives it; or NULL. */
const char *staff_ended(struct staff *staff, int *status);
/* The one at the other end of `signer` and `authority`; 0: there is none, or no more. */
pid_t staff_asker(const struct staff *staff);
/* Ask all of them to end, and see to it. */
void staff_end(struct staff *staff);
