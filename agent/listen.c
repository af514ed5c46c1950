/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/listen.h"

#include "agent/clock.h"
#include "agent/dial.h"
#include "agent/hall.h"
#include "agent/thread.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512

static void list_free(struct addrinfo **list)
{
    if (*list != NULL)
        freeaddrinfo(*list);
    *list = NULL;
}

/* SIGTERM, which the supervisor passes on, is read like a socket; a terminal's SIGINT
 * goes to both processes and comes back as that SIGTERM. */
static bool signals_open(int *out, struct error *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return fail_errno(err, E_LISTEN, "signals");
    *out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *out >= 0 || fail_errno(err, E_LISTEN, "signals");
}

static bool show_bound(char out[ADDRESS_TEXT_MAX], int socket, struct error *err)
{
    struct sockaddr_storage bound = {0};
    socklen_t n = sizeof(bound);
    char host[ORIGIN_HOST_MAX];

    if (getsockname(socket, (struct sockaddr *)&bound, &n) != 0)
        return fail_errno(err, E_LISTEN, "getsockname");
    caller_show(out, host, &bound, n);
    return true;
}

bool listen_given(struct listener *out, int socket, struct error *err)
{
    out->socket = socket;
    out->room = hall_room();
    return signals_open(&out->signals, err) && show_bound(out->address, socket, err);
}

bool listen_bind(int *out, char shown[ADDRESS_TEXT_MAX], const char *address,
                 struct error *err)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST,
                                   .ai_socktype = SOCK_STREAM};
    scoped(list_free) struct addrinfo *list = NULL;
    struct endpoint at;
    const int on = 1;

    if (!endpoint_read(&at, address, err))
        return false;
    /* Of a port alone, "8443", getaddrinfo would make the address 0.0.32.251. */
    if (strpbrk(address, ".:") == NULL || getaddrinfo(at.host, at.port, &hints, &list) != 0)
        return fail(err, E_LISTEN, "'%s' is no numeric address and port", address);
    *out = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*out < 0)
        return fail_errno(err, E_LISTEN, address);
    setsockopt(*out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(*out, list->ai_addr, list->ai_addrlen) != 0 || listen(*out, BACKLOG) != 0)
        return fail_errno(err, E_LISTEN, address);
    return show_bound(shown, *out, err);
}

bool listen_open(struct listener *out, const char *address, struct error *err)
{
    out->room = hall_room();
    return signals_open(&out->signals, err) &&
           listen_bind(&out->socket, out->address, address, err);
}

bool listen_nowhere(struct listener *out, struct error *err)
{
    return signals_open(&out->signals, err);
}

void listen_wait(const struct listener *listener)
{
    struct pollfd wait = {.fd = listener->signals, .events = POLLIN};

    while (poll(&wait, 1, -1) < 1)
        ;
}

void listen_close(struct listener *listener)
{
    fd_close(&listener->socket);
    fd_close(&listener->signals);
}

struct guest {
    struct service *service;
    struct caller_id who; /* a new one */
    struct peer *peer;    /* or one that was here before */
    size_t seat;
};

/* The seat is given back last: nobody is left behind when all have gone. */
static void *guest_run(void *at)
{
    struct guest *guest = at;
    struct service *service = guest->service;
    struct peer *peer = guest->peer;

    if (peer == NULL)
        peer = peer_begin(service, &guest->who, guest->seat);
    if (peer != NULL &&
        (!peer_serve(peer) || !parked_leave(&service->parked, peer, clock_steady_ms())))
        peer_end(peer);
    door_leave(&service->door, guest->seat, clock_steady_ms());
    mem_free(guest);
    return NULL;
}

/* A thread for one that was let in, or for `peer`, that was parked and speaks again. */
static void guest_serve(struct service *service, const struct caller_id *who,
                        struct peer *peer, size_t seat)
{
    struct guest *guest = mem_zeroed(1, sizeof(*guest));

    *guest = (struct guest){.service = service, .who = *who, .peer = peer, .seat = seat};
    door_seat_socket(&service->door, seat, who->socket);
    if (peer != NULL) {
        peer->seat = seat;
        door_paired(&service->door, seat); /* only such are parked */
    }
    if (peer != NULL && peer->admitted)
        door_granted(&service->door, seat, clock_steady_ms());
    if (thread_start(guest_run, guest))
        return;
    if (peer != NULL)
        peer_end(peer);
    else
        close(who->socket);
    mem_free(guest);
    door_leave(&service->door, seat, clock_steady_ms());
}

static void guest_return(struct service *service, struct peer *peer)
{
    const struct caller_id who = {.socket = peer->tls.fd};
    struct error busy = {0};
    size_t seat = 0;

    if (door_return(&service->door, peer->host, clock_steady_ms(), &seat, &busy))
        guest_serve(service, &who, peer, seat);
    else
        peer_end(peer);
}

static void parked_look(struct service *service, const struct pollfd *wait, size_t n)
{
    struct parked *parked = &service->parked;
    bool over = false;

    if (wait[0].revents != 0)
        parked_hush(parked);
    for (;;) {
        struct peer *peer = parked_take(parked, wait, &n, clock_steady_ms(), &over);

        if (peer == NULL)
            return;
        if (over)
            peer_end(peer);
        else
            guest_return(service, peer);
    }
}

static void hall_let_in(struct hall *hall)
{
    struct caller_id who;
    size_t seat = 0;

    while (hall_take(hall, &who, &seat, clock_steady_ms()))
        guest_serve(hall->service, &who, NULL, seat);
}

/* What is polled: the listening socket, the signals, those before the door, the parked. */
enum { WAIT_LISTENING, WAIT_SIGNALS, WAIT_HALL, WAIT_PARKED };
#define WAIT_MAX (WAIT_PARKED + 1 + PARKED_MAX)

static void hall_turn(struct hall *hall, const struct listener *listener)
{
    struct service *service = hall->service;
    struct pollfd wait[WAIT_MAX] = {
        [WAIT_LISTENING] = {.fd = listener->socket, .events = POLLIN},
        [WAIT_SIGNALS] = {.fd = listener->signals, .events = POLLIN},
        [WAIT_HALL] = {.fd = hall->watch, .events = POLLIN}};
    const size_t parked = parked_wait(&service->parked, &wait[WAIT_PARKED]);

    if (poll(wait, WAIT_PARKED + parked, hall_patience_ms(hall)) < 0)
        return;
    parked_look(service, &wait[WAIT_PARKED], parked);
    hall_look(hall, clock_steady_ms());
    witness_tick(&service->witness, clock_now());
    if (wait[WAIT_LISTENING].revents != 0)
        hall_accept(hall, listener->socket, clock_steady_ms());
    hall_let_in(hall);
    hall_rest(hall);
    if (wait[WAIT_SIGNALS].revents != 0)
        atomic_store(&service->stop, true);
}

void listen_serve(const struct listener *listener, struct service *service)
{
    struct hall hall;
    struct peer *peer;

    door_open(&service->door);
    if (!hall_open(&hall, service, listener->room))
        atomic_store(&service->stop, true);
    if (!parked_open(&service->parked))
        atomic_store(&service->stop, true);
    while (!atomic_load(&service->stop))
        hall_turn(&hall, listener);
    hall_close(&hall);
    door_close(&service->door);
    while ((peer = parked_any(&service->parked)) != NULL)
        peer_end(peer);
    parked_close(&service->parked);
}
