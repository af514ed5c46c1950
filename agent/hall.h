/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Before the door: accepted sockets wait here, without a thread, until their ClientHello is
 * whole, and then until there is a seat for them. Of the acceptor alone.
 */
#pragma once

#include "agent/peer.h"

#include <poll.h>
#include <sys/socket.h>

struct waiter {
    struct caller_id who;
    struct origin *origin;
    int64_t since_ms; /* that it waits, for the rest of its ClientHello or for a seat */
    bool whole;       /* the ClientHello is there */
};

struct hall {
    struct service *service;
    struct waiter *waiter; /* n of at most `most` */
    size_t n, most;
    bool full; /* the system has no descriptor left */
};

/* How many may wait without taking a descriptor that a migration needs; raises the limit as
 * far as it may be, so before the sandbox. */
size_t hall_room(void);
/* `most` of them: hall_room. */
void hall_open(struct hall *out, struct service *service, size_t most);
void hall_close(struct hall *hall);
/* What to poll, at most SILENT_MAX; in the order of hall_look. */
size_t hall_wait(const struct hall *hall, struct pollfd *wait);
/* How long that may take: less while somebody could be let in. */
int hall_patience_ms(const struct hall *hall);
/* Those who spoke, those who waited too long. */
void hall_look(struct hall *hall, const struct pollfd *wait, size_t polled, int64_t now_ms);
/* All that have connected. Without room, whoever waits longest of the address with most
 * goes. */
void hall_accept(struct hall *hall, int listening, int64_t now_ms);
/* A crowd is looked after at intervals, so that a flood costs a bounded part of a
 * processor. */
void hall_rest(const struct hall *hall);
/* The next one to be let in, with its seat; false when it is nobody's turn now. */
bool hall_take(struct hall *hall, struct caller_id *out, size_t *seat, int64_t now_ms);
/* An address as text: with the port, and as it is counted. */
void caller_show(char address[ADDRESS_TEXT_MAX], char host[ORIGIN_HOST_MAX],
                 const struct sockaddr_storage *from, socklen_t n);
