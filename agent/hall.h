/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Before the door: accepted sockets wait here, without a thread, until their ClientHello is
 * whole, and then until there is a seat for them. Of the acceptor alone.
 */
#pragma once

#include "agent/peer.h"

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
    int watch; /* an epoll instance of their sockets, to be polled for POLLIN */
    bool full; /* the system has no descriptor left */
};

/* How many may wait without taking a descriptor that a migration needs; raises the limit as
 * far as it may be, so before the sandbox. */
size_t hall_room(void);
/* `most` of them: hall_room. False without a descriptor; hall_close it all the same. */
bool hall_open(struct hall *out, struct service *service, size_t most);
void hall_close(struct hall *hall);
/* How long that may take: less while somebody could be let in. */
int hall_patience_ms(const struct hall *hall);
/* Those who spoke, those who waited too long. */
void hall_look(struct hall *hall, int64_t now_ms);
/* All that have connected. Without room, whoever waits longest of the address with most
 * goes. */
void hall_accept(struct hall *hall, int listening, int64_t now_ms);
/* Without a descriptor the listening socket is ready all the time: a while later. */
void hall_rest(const struct hall *hall);
/* The next one to be let in, with its seat; false when it is nobody's turn now. */
bool hall_take(struct hall *hall, struct caller_id *out, size_t *seat, int64_t now_ms);
/* An address as text: with the port, and as it is counted. */
void caller_show(char address[ADDRESS_TEXT_MAX], char host[ORIGIN_HOST_MAX],
                 const struct sockaddr_storage *from, socklen_t n);
