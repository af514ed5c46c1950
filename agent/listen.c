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
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512
#define TICK_MS 200
#define THREAD_STACK (512 * 1024)

static void show_address(char out[ADDRESS_TEXT_MAX], const struct sockaddr *address,
                         socklen_t n)
{
    char host[48], port[8];

    if (getnameinfo(address, n, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        (void)text_copy(out, ADDRESS_TEXT_MAX, "?");
    else
        snprintf(out, ADDRESS_TEXT_MAX, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s",
                 host, port);
}

static void list_free(struct addrinfo **list)
{
    if (*list != NULL)
        freeaddrinfo(*list);
    *list = NULL;
}

bool listen_open(struct listener *out, const char *address, struct error *err)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST,
                                   .ai_socktype = SOCK_STREAM};
    scoped(list_free) struct addrinfo *list = NULL;
    struct sockaddr_storage bound;
    socklen_t n = sizeof(bound);
    struct endpoint at;
    const int on = 1;

    out->socket = -1;
    if (!endpoint_read(&at, address, err))
        return false;
    if (getaddrinfo(at.host, at.port, &hints, &list) != 0)
        return fail(err, E_LISTEN, "'%s' is no numeric address and port", address);
    out->socket = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->socket < 0)
        return fail_errno(err, E_LISTEN, address);
    setsockopt(out->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(out->socket, list->ai_addr, list->ai_addrlen) != 0 ||
        listen(out->socket, BACKLOG) != 0 ||
        getsockname(out->socket, (struct sockaddr *)&bound, &n) != 0)
        return fail_errno(err, E_LISTEN, address);
    show_address(out->address, (const struct sockaddr *)&bound, n);
    return true;
}

void listen_close(struct listener *listener)
{
    fd_close(&listener->socket);
}

/* An accepted socket on which nothing was said yet. */
struct silent {
    int socket;
    int64_t since_ms;
    char address[ADDRESS_TEXT_MAX];
};

struct hall {
    struct service *service;
    struct silent *silent; /* n of them, oldest first */
    size_t n;
    struct pollfd *wait; /* the listening socket, then the silent ones */
    pthread_mutex_t lock;
    pthread_cond_t left;
    size_t guests; /* threads */
};

struct guest {
    struct hall *hall;
    struct silent who;
};

static void *guest_run(void *at)
{
    struct guest *guest = at;
    struct hall *hall = guest->hall;

    peer_serve(hall->service, guest->who.socket, guest->who.address);
    mem_free(guest);
    pthread_mutex_lock(&hall->lock);
    hall->guests--;
    pthread_cond_signal(&hall->left);
    pthread_mutex_unlock(&hall->lock);
    return NULL;
}

static bool guest_admitted(struct hall *hall)
{
    bool room;

    pthread_mutex_lock(&hall->lock);
    room = hall->guests < CONNECTIONS_MAX;
    hall->guests += room;
    pthread_mutex_unlock(&hall->lock);
    return room;
}

static void guest_gone(struct hall *hall)
{
    pthread_mutex_lock(&hall->lock);
    hall->guests--;
    pthread_mutex_unlock(&hall->lock);
}

/* A thread for one that has begun to speak. */
static void guest_serve(struct hall *hall, const struct silent *who)
{
    struct guest *guest;
    pthread_attr_t attributes;
    pthread_t thread;

    if (!guest_admitted(hall)) {
        close(who->socket);
        return;
    }
    guest = mem_zeroed(1, sizeof(*guest));
    guest->hall = hall;
    guest->who = *who;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    if (pthread_create(&thread, &attributes, guest_run, guest) != 0) {
        close(who->socket);
        mem_free(guest);
        guest_gone(hall);
    }
    pthread_attr_destroy(&attributes);
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
            close(hall->silent[0].socket);
            silent_remove(hall, 0);
        }
        who = &hall->silent[hall->n++];
        *who = (struct silent){.socket = socket, .since_ms = clock_ms()};
        show_address(who->address, (const struct sockaddr *)&from, n);
    }
}

/* Those that spoke get a thread, those that were silent too long are sent away. */
static void hall_look(struct hall *hall, size_t polled)
{
    int64_t now = clock_ms();

    for (size_t i = polled; i-- > 0;) {
        struct silent who = hall->silent[i];

        if (hall->wait[1 + i].revents != 0) {
            silent_remove(hall, i);
            guest_serve(hall, &who);
        } else if (now - who.since_ms > SILENT_SECONDS * 1000) {
            silent_remove(hall, i);
            close(who.socket);
        }
    }
}

static void hall_turn(struct hall *hall, int listening)
{
    size_t polled = hall->n;

    hall->wait[0] = (struct pollfd){.fd = listening, .events = POLLIN};
    for (size_t i = 0; i < polled; i++)
        hall->wait[1 + i] = (struct pollfd){.fd = hall->silent[i].socket, .events = POLLIN};
    if (poll(hall->wait, 1 + polled, TICK_MS) <= 0)
        for (size_t i = 0; i <= polled; i++)
            hall->wait[i].revents = 0;
    hall_look(hall, polled);
    if (hall->wait[0].revents != 0)
        hall_accept(hall, listening);
}

static void hall_empty(struct hall *hall)
{
    for (size_t i = 0; i < hall->n; i++)
        close(hall->silent[i].socket);
    pthread_mutex_lock(&hall->lock);
    while (hall->guests > 0)
        pthread_cond_wait(&hall->left, &hall->lock);
    pthread_mutex_unlock(&hall->lock);
    mem_free(hall->silent);
    mem_free(hall->wait);
}

bool listen_serve(struct listener *listener, struct service *service, struct error *err)
{
    struct hall hall = {.service = service,
                        .silent = mem_zeroed(SILENT_MAX, sizeof(*hall.silent)),
                        .wait = mem_zeroed(SILENT_MAX + 1, sizeof(*hall.wait))};

    (void)err;
    pthread_mutex_init(&hall.lock, NULL);
    pthread_cond_init(&hall.left, NULL);
    while (!atomic_load(&service->stop))
        hall_turn(&hall, listener->socket);
    hall_empty(&hall);
    pthread_cond_destroy(&hall.left);
    pthread_mutex_destroy(&hall.lock);
    return true;
}
