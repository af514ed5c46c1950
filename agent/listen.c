/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/listen.h"

#include "agent/clock.h"
#include "agent/dial.h"
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
#define TICK_MS 200
#define THREAD_STACK (512 * 1024)

static void show_address(char out[ADDRESS_TEXT_MAX], char host[DOOR_HOST_MAX],
                         const struct sockaddr *address, socklen_t n)
{
    char port[8];

    if (getnameinfo(address, n, host, DOOR_HOST_MAX, port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        (void)text_copy(host, DOOR_HOST_MAX, "?");
        (void)text_copy(out, ADDRESS_TEXT_MAX, "?");
    } else {
        snprintf(out, ADDRESS_TEXT_MAX, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s",
                 host, port);
    }
}

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

static bool show_bound(struct listener *out, struct error *err)
{
    struct sockaddr_storage bound;
    socklen_t n = sizeof(bound);
    char host[DOOR_HOST_MAX];

    if (getsockname(out->socket, (struct sockaddr *)&bound, &n) != 0)
        return fail_errno(err, E_LISTEN, "getsockname");
    show_address(out->address, host, (const struct sockaddr *)&bound, n);
    return true;
}

bool listen_given(struct listener *out, int socket, struct error *err)
{
    out->socket = socket;
    return signals_open(&out->signals, err) && show_bound(out, err);
}

bool listen_open(struct listener *out, const char *address, struct error *err)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST,
                                   .ai_socktype = SOCK_STREAM};
    scoped(list_free) struct addrinfo *list = NULL;
    struct endpoint at;
    const int on = 1;

    if (!signals_open(&out->signals, err) || !endpoint_read(&at, address, err))
        return false;
    if (getaddrinfo(at.host, at.port, &hints, &list) != 0)
        return fail(err, E_LISTEN, "'%s' is no numeric address and port", address);
    out->socket = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->socket < 0)
        return fail_errno(err, E_LISTEN, address);
    setsockopt(out->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(out->socket, list->ai_addr, list->ai_addrlen) != 0 ||
        listen(out->socket, BACKLOG) != 0)
        return fail_errno(err, E_LISTEN, address);
    return show_bound(out, err);
}

void listen_close(struct listener *listener)
{
    fd_close(&listener->socket);
    fd_close(&listener->signals);
}

/* An accepted socket on which nothing was said yet. */
struct silent {
    struct caller_id who;
    int64_t since_ms;
};

/* What is polled: the listening socket, the signals, then those that are silent. */
enum { WAIT_LISTENING, WAIT_SIGNALS, WAIT_SILENT };
#define WAIT_MAX (WAIT_SILENT + SILENT_MAX + 1 + PARKED_MAX)

struct hall {
    struct service *service;
    struct silent *silent; /* n of them, oldest first */
    size_t n;
    struct pollfd *wait;
};

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
    struct peer *peer = guest->peer;

    if (peer == NULL)
        peer = peer_begin(guest->service, &guest->who, guest->seat);
    if (peer != NULL &&
        (!peer_serve(peer) || !parked_leave(&guest->service->parked, peer, clock_ms())))
        peer_end(peer);
    door_leave(&guest->service->door, guest->seat);
    mem_free(guest);
    return NULL;
}

static bool guest_start(struct guest *guest)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool started;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    started = pthread_create(&thread, &attributes, guest_run, guest) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

/* A thread for one that has begun to speak. */
static void guest_serve(struct hall *hall, const struct caller_id *who)
{
    struct error busy = {0};
    struct guest *guest;
    size_t seat = 0;

    if (!door_enter(&hall->service->door, who->host, &seat, &busy)) {
        witness_refusal(&hall->service->witness, who->host, busy.msg, clock_now());
        close(who->socket);
        return;
    }
    door_seat_socket(&hall->service->door, seat, who->socket);
    guest = mem_zeroed(1, sizeof(*guest));
    *guest = (struct guest){.service = hall->service, .who = *who, .seat = seat};
    if (guest_start(guest))
        return;
    close(who->socket);
    mem_free(guest);
    door_leave(&hall->service->door, seat);
}

/* A thread for one that was parked and speaks again. */
static void guest_return(struct hall *hall, struct peer *peer)
{
    struct error busy = {0};
    struct guest *guest;
    size_t seat = 0;

    if (!door_return(&hall->service->door, peer->host, &seat, &busy)) {
        peer_end(peer);
        return;
    }
    door_seat_socket(&hall->service->door, seat, peer->tls.fd);
    guest = mem_zeroed(1, sizeof(*guest));
    *guest = (struct guest){.service = hall->service, .peer = peer, .seat = seat};
    if (guest_start(guest))
        return;
    peer_end(peer);
    mem_free(guest);
    door_leave(&hall->service->door, seat);
}

static void parked_look(struct hall *hall, const struct pollfd *wait, size_t n)
{
    struct parked *parked = &hall->service->parked;
    bool over = false;

    if (wait[0].revents != 0)
        parked_hush(parked);
    for (;;) {
        struct peer *peer = parked_take(parked, wait, &n, clock_ms(), &over);

        if (peer == NULL)
            return;
        if (over)
            peer_end(peer);
        else
            guest_return(hall, peer);
    }
}

static void silent_remove(struct hall *hall, size_t i)
{
    memmove(&hall->silent[i], &hall->silent[i + 1],
            (hall->n - i - 1) * sizeof(*hall->silent));
    hall->n--;
}

static void hall_accept(struct hall *hall, int listening)
{
    for (;;) {
        struct sockaddr_storage from;
        socklen_t n = sizeof(from);
        struct silent *who;
        int socket =
            accept4(listening, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (socket < 0)
            return;
        if (hall->n == SILENT_MAX) {
            close(hall->silent[0].who.socket);
            silent_remove(hall, 0);
        }
        who = &hall->silent[hall->n++];
        *who = (struct silent){.who = {.socket = socket}, .since_ms = clock_ms()};
        show_address(who->who.address, who->who.host, (const struct sockaddr *)&from, n);
    }
}

/* Those that spoke get a thread, those that were silent too long are sent away. */
static void hall_look(struct hall *hall, size_t polled)
{
    int64_t now = clock_ms();

    for (size_t i = polled; i-- > 0;) {
        struct silent who = hall->silent[i];

        if (hall->wait[WAIT_SILENT + i].revents != 0) {
            silent_remove(hall, i);
            guest_serve(hall, &who.who);
        } else if (now - who.since_ms > SILENT_SECONDS * 1000) {
            silent_remove(hall, i);
            close(who.who.socket);
        }
    }
}

static void hall_turn(struct hall *hall, const struct listener *listener)
{
    struct pollfd *parked = hall->wait + WAIT_SILENT + hall->n;
    const size_t polled = hall->n;
    size_t waiting;
    int n;

    hall->wait[WAIT_LISTENING] = (struct pollfd){.fd = listener->socket, .events = POLLIN};
    hall->wait[WAIT_SIGNALS] = (struct pollfd){.fd = listener->signals, .events = POLLIN};
    for (size_t i = 0; i < polled; i++)
        hall->wait[WAIT_SILENT + i] =
            (struct pollfd){.fd = hall->silent[i].who.socket, .events = POLLIN};
    waiting = parked_wait(&hall->service->parked, parked);
    n = poll(hall->wait, WAIT_SILENT + polled + waiting, TICK_MS);
    for (size_t i = 0; n <= 0 && i < WAIT_SILENT + polled + waiting; i++)
        hall->wait[i].revents = 0;
    parked_look(hall, parked, waiting);
    hall_look(hall, polled);
    witness_tick(&hall->service->witness, clock_now());
    if (hall->wait[WAIT_LISTENING].revents != 0)
        hall_accept(hall, listener->socket);
    if (hall->wait[WAIT_SIGNALS].revents != 0)
        atomic_store(&hall->service->stop, true);
}

void listen_serve(const struct listener *listener, struct service *service)
{
    struct hall hall = {.service = service,
                        .silent = mem_zeroed(SILENT_MAX, sizeof(*hall.silent)),
                        .wait = mem_zeroed(WAIT_MAX, sizeof(*hall.wait))};
    struct peer *peer;

    door_open(&service->door);
    if (!parked_open(&service->parked))
        atomic_store(&service->stop, true);
    while (!atomic_load(&service->stop))
        hall_turn(&hall, listener);
    for (size_t i = 0; i < hall.n; i++)
        close(hall.silent[i].who.socket);
    door_close(&service->door);
    while ((peer = parked_any(&service->parked)) != NULL)
        peer_end(peer);
    parked_close(&service->parked);
    mem_free(hall.silent);
    mem_free(hall.wait);
}
