/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hall.h"

#include "agent/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 200
#define TURN_MS 5  /* while somebody waits for a seat */
#define FULL_MS 20 /* without a descriptor for those who knock */
#define ROOM_LEAST 64
#define HEARD_AT_ONCE 64    /* in one turn */
#define ACCEPTED_AT_ONCE 64 /* in one turn */
#define RECORD_HEAD 5       /* RFC 8446 5.1: type, version, length */
#define RECORD_HANDSHAKE 22
#define HELLO_RECORD_MAX (RECORD_HEAD + 16384)

size_t hall_room(void)
{
    const rlim_t wanted = SILENT_MAX + SPARE_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return ROOM_LEAST;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)!setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return SILENT_MAX;
    return limit.rlim_cur > SPARE_DESCRIPTORS + ROOM_LEAST
               ? limit.rlim_cur - SPARE_DESCRIPTORS
               : ROOM_LEAST;
}

bool hall_open(struct hall *out, struct service *service, size_t most)
{
    *out = (struct hall){.service = service,
                         .waiter = mem_zeroed(SILENT_MAX, sizeof(*out->waiter)),
                         .most = most,
                         .watch = epoll_create1(EPOLL_CLOEXEC)};
    return out->watch >= 0;
}

/* Its place is taken by the last one: places are looked through from the last to the first.
 */
static void waiter_remove(struct hall *hall, size_t i)
{
    hall->waiter[i].origin->whole -= hall->waiter[i].whole;
    hall->waiter[i] = hall->waiter[--hall->n];
}

static void waiter_send_away(struct hall *hall, size_t i)
{
    const struct waiter gone = hall->waiter[i];

    waiter_remove(hall, i);
    door_turn_away(&hall->service->door, gone.origin); /* its place may be another's now */
    close(gone.who.socket);
}

/* One that asked to be let in, and will not be. */
static void waiter_refuse(struct hall *hall, size_t i)
{
    if (hall->waiter[i].whole)
        witness_refusal(&hall->service->witness, hall->waiter[i].who.host, E_BUSY,
                        clock_now());
    waiter_send_away(hall, i);
}

void hall_close(struct hall *hall)
{
    while (hall->n > 0)
        waiter_send_away(hall, hall->n - 1);
    mem_free(hall->waiter);
    fd_close(&hall->watch);
    *hall = (struct hall){.watch = -1};
}

/* From now on that it hangs up, and with EPOLLIN that it speaks. */
static bool watch(const struct hall *hall, int op, int socket, uint32_t events)
{
    struct epoll_event wanted = {.events = EPOLLRDHUP | events, .data.fd = socket};

    return epoll_ctl(hall->watch, op, socket, &wanted) == 0;
}

int hall_patience_ms(const struct hall *hall)
{
    for (size_t i = 0; i < hall->n; i++)
        if (hall->waiter[i].whole)
            return TURN_MS;
    return TICK_MS;
}

/* A ClientHello may be in parts; the socket wakes nobody before the next step is there.
 * What is no TLS record is whole: the handshake says what is wrong with it. */
static bool hello_is_whole(int socket)
{
    unsigned char bytes[HELLO_RECORD_MAX];
    const ssize_t n = recv(socket, bytes, sizeof(bytes), MSG_PEEK);
    int needed = RECORD_HEAD;

    if (n >= 1 && bytes[0] != RECORD_HANDSHAKE)
        return true;
    if (n >= RECORD_HEAD)
        needed += bytes[3] << 8 | bytes[4];
    if (n >= needed || needed > HELLO_RECORD_MAX)
        return true;
    setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &needed, sizeof(needed));
    return false;
}

/* The one of this address that has asked first, and has waited in vain. */
static void refuse_oldest(struct hall *hall, const struct origin *origin)
{
    size_t oldest = hall->n;

    for (size_t i = 0; i < hall->n; i++) {
        const struct waiter *waiter = &hall->waiter[i];

        if (waiter->origin == origin && waiter->whole &&
            (oldest == hall->n || waiter->since_ms < hall->waiter[oldest].since_ms))
            oldest = i;
    }
    if (oldest < hall->n)
        waiter_refuse(hall, oldest);
}

/* More than can be let in in time would only keep one another waiting. */
static void waiter_asks(struct hall *hall, struct waiter *waiter, int64_t now_ms)
{
    waiter->whole = true;
    waiter->since_ms = now_ms;
    if (++waiter->origin->whole > WAITING_PER_ADDRESS)
        refuse_oldest(hall, waiter->origin);
}

static void hear(struct hall *hall, const struct epoll_event *ready, int64_t now_ms)
{
    size_t i = 0;

    while (i < hall->n && hall->waiter[i].who.socket != ready->data.fd)
        i++;
    if (i == hall->n)
        return;
    if ((ready->events & EPOLLIN) != 0 && hello_is_whole(ready->data.fd)) {
        (void)watch(hall, EPOLL_CTL_MOD, ready->data.fd, 0);
        waiter_asks(hall, &hall->waiter[i], now_ms);
    } else if ((ready->events & ~(uint32_t)EPOLLIN) != 0) {
        waiter_send_away(hall, i);
    }
}

void hall_look(struct hall *hall, int64_t now_ms)
{
    struct epoll_event ready[HEARD_AT_ONCE];
    const int n = epoll_wait(hall->watch, ready, HEARD_AT_ONCE, 0);

    for (int i = 0; i < n; i++)
        hear(hall, &ready[i], now_ms);
    for (size_t i = hall->n; i-- > 0;) {
        const struct waiter *waiter = &hall->waiter[i];

        if (now_ms - waiter->since_ms > SILENT_SECONDS * 1000)
            waiter_refuse(hall, i);
    }
    door_look(&hall->service->door, now_ms);
}

/* The one that waits longest of the address of which most wait. */
static void make_room(struct hall *hall)
{
    unsigned most = 0;
    size_t worst = 0;

    for (size_t i = 0; i < hall->n; i++) {
        const unsigned n = hall->waiter[i].origin->waiting; /* written here alone */

        if (n > most ||
            (n == most && hall->waiter[i].since_ms < hall->waiter[worst].since_ms))
            worst = i;
        most = n > most ? n : most;
    }
    if (hall->n > 0)
        waiter_send_away(hall, worst);
}

void caller_show(char address[ADDRESS_TEXT_MAX], char host[ORIGIN_HOST_MAX],
                 const struct sockaddr_storage *from, socklen_t n)
{
    char port[8];

    if (getnameinfo((const struct sockaddr *)from, n, host, ORIGIN_HOST_MAX, port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        (void)text_copy(host, ORIGIN_HOST_MAX, "?");
        (void)text_copy(address, ADDRESS_TEXT_MAX, "?");
        return;
    }
    snprintf(address, ADDRESS_TEXT_MAX, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s",
             host, port);
    origin_show(host, host);
}

/* One that has connected; false when there is none, or no descriptor for it. */
static bool accept_one(struct hall *hall, int listening, int64_t now_ms)
{
    struct sockaddr_storage from = {0};
    socklen_t n = sizeof(from);
    struct waiter *waiter;
    int socket =
        accept4(listening, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

    hall->full = socket < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                                errno == ENOMEM);
    if (hall->full)
        make_room(hall);
    if (socket < 0)
        return false;
    if (!watch(hall, EPOLL_CTL_ADD, socket, EPOLLIN)) {
        close(socket);
        return true;
    }
    if (hall->n >= hall->most)
        make_room(hall);
    waiter = &hall->waiter[hall->n++];
    *waiter = (struct waiter){.who = {.socket = socket}, .since_ms = now_ms};
    caller_show(waiter->who.address, waiter->who.host, &from, n);
    waiter->origin = door_wait(&hall->service->door, waiter->who.host, now_ms);
    return true;
}

void hall_accept(struct hall *hall, int listening, int64_t now_ms)
{
    unsigned n = 0;

    while (n < ACCEPTED_AT_ONCE && accept_one(hall, listening, now_ms))
        n++;
}

void hall_rest(const struct hall *hall)
{
    const struct timespec turn = {.tv_nsec = FULL_MS * 1000000L};

    if (hall->full)
        nanosleep(&turn, NULL);
}

/* Whose turn it is; hall->n when nobody's. */
static size_t next_of(const struct hall *hall, int64_t now_ms)
{
    unsigned least = DOOR_NOT_NOW;
    size_t next = hall->n;

    for (size_t i = 0; i < hall->n; i++) {
        const struct waiter *waiter = &hall->waiter[i];
        unsigned rank;

        if (!waiter->whole)
            continue;
        rank = door_rank(&hall->service->door, waiter->origin, now_ms);
        if (rank < least || (rank == least && rank != DOOR_NOT_NOW &&
                             waiter->since_ms < hall->waiter[next].since_ms)) {
            next = i;
            least = rank;
        }
    }
    return next;
}

bool hall_take(struct hall *hall, struct caller_id *out, size_t *seat, int64_t now_ms)
{
    const size_t next = next_of(hall, now_ms);
    const int one = 1;
    struct error busy = {0};

    if (next == hall->n ||
        !door_enter(&hall->service->door, hall->waiter[next].origin, now_ms, seat, &busy))
        return false;
    *out = hall->waiter[next].who;
    (void)watch(hall, EPOLL_CTL_DEL, out->socket, 0);
    setsockopt(out->socket, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
    waiter_remove(hall, next);
    return true;
}
