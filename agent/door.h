/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may be inside at once, and which address has guessed too often (bounds.h). */
#pragma once

#include "agent/bounds.h"
#include "base/error.h"

#include <pthread.h>
#include <stdint.h>

#define DOOR_HOST_MAX 48
#define DOOR_SUSPECTS_MAX 256

struct door {
    pthread_mutex_t lock;
    pthread_cond_t left;
    size_t inside;
    struct {
        bool taken, shaking; /* hand-shaking */
        int socket;          /* a second descriptor of its connection, or -1 */
        char host[DOOR_HOST_MAX];
    } seat[CONNECTIONS_MAX];
    struct {
        char host[DOOR_HOST_MAX];
        int64_t minute;
        unsigned failures;
    } suspect[DOOR_SUSPECTS_MAX];
};

void door_open(struct door *door);
/* A seat for a connection that is about to hand-shake; E_BUSY when there is none for it. */
must_check bool door_enter(struct door *door, const char *host, size_t *seat,
                           struct error *err);
/* A seat for one that has waited outside with its handshake done. */
must_check bool door_return(struct door *door, const char *host, size_t *seat,
                            struct error *err);
/* Whose connection the seat is for: `socket` stays the caller's. */
void door_seat_socket(struct door *door, size_t seat, int socket);
/* The handshake is done. */
void door_shaken(struct door *door, size_t seat);
void door_leave(struct door *door, size_t seat);
/* A wrong code came from there; and whether that was too often in this minute. */
void door_count_failure(struct door *door, const char *host, int64_t now);
bool door_is_shut_for(struct door *door, const char *host, int64_t now);
/* Nothing more is read from anybody; wait until those inside have answered and left. */
void door_close(struct door *door);
