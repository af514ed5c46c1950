/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hall.h"

#include "agent/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 200
#define TURN_MS 5           /* while somebody waits for a seat, or many for anything */
#define CROWD 64            /* so many */
#define ACCEPTED_AT_ONCE 64 /* in one turn */
#define RECORD_HEAD 5       /* RFC 8446 5.1: type, version, length */
#define RECORD_HANDSHAKE 22
#define HELLO_RECORD_MAX (RECORD_HEAD + 16384)

size_t hall_room(void)
{
    const rlim_t wanted = SILENT_MAX + SPARE_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return CROWD;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)!setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return SILENT_MAX;
    return limit.rlim_cur > SPARE_DESCRIPTORS + CROWD ? limit.rlim_cur - SPARE_DESCRIPTORS
                                                      : CROWD;
}

void hall_open(struct hall *out, struct service *service, size_t most)
{
    *out = (struct hall){.service = service,
                         .waiter = mem_zeroed(SILENT_MAX, sizeof(*out->waiter)),
                         .most = most};
}

/* Its place is taken by the last one: places are looked through from the last to the first.
 */
static void waiter_remove(struct hall *hall, size_t i)
{
    hall->waiter[i] = hall->waiter[--hall->n];
}

static void waiter_send_away(struct hall *hall, size_t i)
{
    struct waiter *waiter = &hall->waiter[i];

    door_turn_away(&hall->service->door, waiter->origin);
    close(waiter->who.socket);
    waiter_remove(hall, i);
}

void hall_close(struct hall *hall)
{
    while (hall->n > 0)
        waiter_send_away(hall, hall->n - 1);
    mem_free(hall->waiter);
    *hall = (struct hall){0};
}

size_t hall_wait(const struct hall *hall, struct pollfd *wait)
{
    for (size_t i = 0; i < hall->n; i++)
        wait[i] = (struct pollfd){
            .fd = hall->waiter[i].who.socket,
            .events = (short)(POLLRDHUP | (hall->waiter[i].whole ? 0 : POLLIN))};
    return hall->n;
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

void hall_look(struct hall *hall, const struct pollfd *wait, size_t polled, int64_t now_ms)
{
    for (size_t i = polled; i-- > 0;) {
        struct waiter *waiter = &hall->waiter[i];

        if ((wait[i].revents & POLLIN) != 0 && hello_is_whole(waiter->who.socket)) {
            waiter->whole = true;
            waiter->since_ms = now_ms;
        } else if ((wait[i].revents & ~POLLIN) != 0) {
            waiter_send_away(hall, i);
        } else if (now_ms - waiter->since_ms > SILENT_SECONDS * 1000) {
            if (waiter->whole)
                witness_refusal(&hall->service->witness, waiter->who.host, E_BUSY,
                                clock_now());
            waiter_send_away(hall, i);
        }
    }
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

/* How IPv6 hosts are counted: whoever has one address has 2^64 of them. */
static void host_show(char host[ORIGIN_HOST_MAX], const struct sockaddr_storage *from)
{
    struct sockaddr_in6 six;

    if (from->ss_family != AF_INET6)
        return;
    memcpy(&six, from, sizeof(six));
    if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) || IN6_IS_ADDR_LOOPBACK(&six.sin6_addr))
        return;
    memset(&six.sin6_addr.s6_addr[8], 0, 8);
    inet_ntop(AF_INET6, &six.sin6_addr, host, INET6_ADDRSTRLEN);
    (void)text_copy(host + strlen(host), ORIGIN_HOST_MAX - strlen(host), "/64");
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
    host_show(host, from);
}

/* One that has connected; false when there is none, or no descriptor for it. */
static bool accept_one(struct hall *hall, int listening, int64_t now_ms)
{
    struct sockaddr_storage from;
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
    const struct timespec turn = {.tv_nsec = TURN_MS * 1000000L};

    if (hall->n > CROWD || hall->full)
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
    setsockopt(out->socket, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
    waiter_remove(hall, next);
    return true;
}
