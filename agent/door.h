/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may be inside at once and in which order, and which address has guessed too often
 * (bounds.h). Whoever has no grant is a stranger: strangers have seats of their own, share
 * them by address, and are let in at a rate, a slow one while a granted peer is here or has
 * just been. Next is whose address came to nothing least often lately, then whose came
 * least: two good verdicts put nobody before one who was never here.
 */
#pragma once

#include "agent/origins.h"
#include "base/error.h"

#include <pthread.h>

#define ADDRESS_TEXT_MAX 64

struct door {
    pthread_mutex_t lock;
    pthread_cond_t left;
    struct origins origins;
    size_t inside, granted, strangers, shaking;
    int64_t paid_ms; /* strangers are paid for until then, STRANGERS_PER_SECOND of them */
    int64_t busy_until_ms; /* a granted peer has just left */
    struct seat {
        bool taken, shaking, paired, granted;
        bool leaving;     /* was made to make room */
        int socket;       /* a second descriptor of its connection, or -1 */
        int64_t since_ms; /* in this stage */
        struct origin *origin;
    } seat[CONNECTIONS_MAX];
};

void door_open(struct door *door);
/* Somebody from there waits outside, until door_turn_away or door_enter. */
struct origin *door_wait(struct door *door, const char *host, int64_t now_ms);
void door_turn_away(struct door *door, struct origin *origin);
/* In which order those who wait are let in: the least first, DOOR_NOT_NOW not at all. */
#define DOOR_NOT_NOW UINT32_MAX
unsigned door_rank(struct door *door, struct origin *origin, int64_t now_ms);
/*
 * A seat for one who waits and is about to hand-shake. E_BUSY when there is none for it
 * now; a stranger whose address has more seats, or who takes too long, then has to leave.
 */
must_check bool door_enter(struct door *door, struct origin *origin, int64_t now_ms,
                           size_t *seat, struct error *err);
/* A seat for one that has waited for a person, with its handshake done. */
must_check bool door_return(struct door *door, const char *host, int64_t now_ms,
                            size_t *seat, struct error *err);
/* Whose connection the seat is for: `socket` stays the caller's. */
void door_seat_socket(struct door *door, size_t seat, int socket);
/* The handshake is done. */
void door_shaken(struct door *door, size_t seat, int64_t now_ms);
/* Both verdicts are good: it did not come in vain. */
void door_paired(struct door *door, size_t seat);
/* It has shown a grant: no stranger any more, and its address is known from now on. */
void door_granted(struct door *door, size_t seat, int64_t now_ms);
void door_leave(struct door *door, size_t seat, int64_t now_ms);
/* Whoever takes too long has to leave when its own address has no seat left for others of
 * it that wait with a whole ClientHello. For the thread that counts those. */
void door_look(struct door *door, int64_t now_ms);
/* A wrong code came from there; and whether that was too often in this minute. */
void door_count_failure(struct door *door, const char *host, int64_t now_ms);
bool door_is_shut_for(struct door *door, const char *host, int64_t now_ms);
/* Nothing more is read from anybody; wait until those inside have answered and left. */
void door_close(struct door *door);
