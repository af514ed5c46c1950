/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is let in when, a thread for each one that speaks. */
#include "agent/manage.h"

#include "agent/clock.h"
#include "agent/manage_parts.h"
#include "agent/sandbox.h"
#include "agent/thread.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 1000

/* ---- seats ---- */

static size_t seats_of(const struct manage *manage, const char *host)
{
    size_t n = 0;

    for (size_t i = 0; i < manage->place->n; i++)
        n += manage->seat[i].taken && text_equal(manage->seat[i].host, host);
    return n;
}

static bool seat_take(struct manage *manage, const struct manage_caller *caller,
                      size_t *seat)
{
    char host[ORIGIN_HOST_MAX];
    size_t i = manage->place->n;

    origin_show(host, caller->host);
    pthread_mutex_lock(&manage->lock);
    if (manage->place->local || seats_of(manage, host) < MANAGE_SEATS_PER_ADDRESS)
        for (i = 0; i < manage->place->n && manage->seat[i].taken; i++)
            ;
    if (i < manage->place->n) {
        manage->seat[i].taken = true;
        manage->seat[i].socket = fcntl(caller->socket, F_DUPFD_CLOEXEC, 0);
        (void)text_fits(manage->seat[i].host, host);
        manage->inside++;
    }
    pthread_mutex_unlock(&manage->lock);
    *seat = i;
    return i < manage->place->n;
}

static void seat_leave(struct manage *manage, size_t seat)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&manage->lock);
    fd_close(&manage->seat[seat].socket);
    manage->seat[seat].taken = false;
    manage->inside--;
    pthread_cond_signal(&manage->left);
    pthread_mutex_unlock(&manage->lock);
    (void)!write(manage->wake, &one, sizeof(one));
}

/* Nothing more is read from anybody; wait until those inside have their answers. */
static void seats_close(struct manage *manage)
{
    pthread_mutex_lock(&manage->lock);
    for (size_t i = 0; i < manage->place->n; i++)
        if (manage->seat[i].taken && manage->seat[i].socket >= 0)
            shutdown(manage->seat[i].socket, SHUT_RD);
    while (manage->inside > 0)
        pthread_cond_wait(&manage->left, &manage->lock);
    pthread_mutex_unlock(&manage->lock);
}

/* ---- threads ---- */

struct visitor {
    struct manage *manage;
    struct manage_caller caller;
    size_t seat;
};

static void *visitor_run(void *at)
{
    struct visitor *visitor = at;
    struct manage *manage = visitor->manage;
    const size_t seat = visitor->seat;

    manage_guest(manage, &visitor->caller, manage->place->window[seat]);
    mem_free(visitor);
    seat_leave(manage, seat);
    return NULL;
}

static bool visitor_start(struct manage *manage, const struct manage_caller *caller,
                          size_t seat)
{
    struct visitor *visitor = mem_zeroed(1, sizeof(*visitor));

    *visitor = (struct visitor){.manage = manage, .caller = *caller, .seat = seat};
    if (thread_start(visitor_run, visitor))
        return true;
    mem_free(visitor);
    return false;
}

/* ---- the hall: accepted, and not on a seat ---- */

struct hall {
    struct manage *manage;
    int signals;
    struct manage_caller *caller; /* n of them, oldest first */
    size_t n;
    struct pollfd *wait;
};
enum { WAIT_LISTENING, WAIT_SIGNALS, WAIT_WAKE, WAIT_CALLERS };

static void take_uid(struct manage_caller *caller, uid_t owner)
{
    struct ucred who = {0};
    socklen_t n = sizeof(who);

    caller->stranger = getsockopt(caller->socket, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 ||
                       (who.uid != 0 && who.uid != owner);
    caller->uid = who.uid;
}

static void take_caller(struct hall *hall, int socket, const struct sockaddr *from,
                        socklen_t n)
{
    struct manage_caller *caller = &hall->caller[hall->n++];

    *caller = (struct manage_caller){.socket = socket, .since_ms = clock_steady_ms()};
    if (hall->manage->place->local)
        take_uid(caller, hall->manage->place->owner);
    else if (getnameinfo(from, n, caller->host, sizeof(caller->host), NULL, 0,
                         NI_NUMERICHOST) != 0)
        (void)text_fits(caller->host, "?");
}

static void hall_accept(struct hall *hall)
{
    while (hall->n < MANAGE_WAITING_MAX) {
        struct sockaddr_storage from;
        socklen_t n = sizeof(from);
        const int socket = accept4(hall->manage->place->listening, (struct sockaddr *)&from,
                                   &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (socket < 0)
            return;
        take_caller(hall, socket, (const struct sockaddr *)&from, n);
    }
}

/* Seated, or sent away: it is in the hall no more. */
static bool caller_goes(struct hall *hall, const struct manage_caller *caller, bool speaks,
                        bool *no_seat)
{
    size_t seat = 0;

    if (speaks && seat_take(hall->manage, caller, &seat)) {
        if (!visitor_start(hall->manage, caller, seat)) {
            close(caller->socket);
            seat_leave(hall->manage, seat);
        }
        return true;
    }
    *no_seat = *no_seat || speaks;
    if (clock_steady_ms() - caller->since_ms <= SILENT_SECONDS * INT64_C(1000))
        return false;
    close(caller->socket);
    return true;
}

static void hall_look(struct hall *hall, size_t polled)
{
    bool no_seat = false;
    size_t kept = 0;

    for (size_t i = 0; i < hall->n; i++) {
        const bool speaks = i < polled && hall->wait[WAIT_CALLERS + i].revents != 0;

        if (!caller_goes(hall, &hall->caller[i], speaks, &no_seat))
            hall->caller[kept++] = hall->caller[i];
    }
    hall->n = kept;
    atomic_store(&hall->manage->crowded, no_seat);
}

/* While a seat is waited for, those who speak are asked again when one is left, not at
 * once. */
static size_t hall_wait(struct hall *hall)
{
    const struct manage *manage = hall->manage;
    const bool crowded = atomic_load(&manage->crowded);
    const size_t polled = hall->n;

    hall->wait[WAIT_LISTENING] =
        (struct pollfd){.fd = polled < MANAGE_WAITING_MAX ? manage->place->listening : -1,
                        .events = POLLIN};
    hall->wait[WAIT_SIGNALS] = (struct pollfd){.fd = hall->signals, .events = POLLIN};
    hall->wait[WAIT_WAKE] = (struct pollfd){.fd = manage->wake, .events = POLLIN};
    for (size_t i = 0; i < polled; i++)
        hall->wait[WAIT_CALLERS + i] =
            (struct pollfd){.fd = hall->caller[i].socket, .events = POLLIN};
    if (poll(hall->wait, WAIT_CALLERS + (crowded ? 0 : polled), TICK_MS) < 0)
        for (size_t i = 0; i < WAIT_CALLERS + polled; i++)
            hall->wait[i].revents = 0;
    if (crowded && polled > 0)
        (void)!poll(&hall->wait[WAIT_CALLERS], polled, 0);
    return polled;
}

static void hall_turn(struct hall *hall)
{
    const size_t polled = hall_wait(hall);
    uint64_t times;

    if (hall->wait[WAIT_WAKE].revents != 0)
        (void)!read(hall->manage->wake, &times, sizeof(times));
    hall_look(hall, polled);
    if (hall->wait[WAIT_LISTENING].revents != 0)
        hall_accept(hall);
    if (hall->wait[WAIT_SIGNALS].revents != 0)
        atomic_store(&hall->manage->stop, true);
}

static int signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT); /* of a terminal: the supervisor has it too, and says when */
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigdelset(&set, SIGINT);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

_Noreturn void manage_serve(const struct manage_place *place)
{
    struct error err = {0};
    struct manage *manage = mem_zeroed(1, sizeof(*manage));
    struct hall hall = {
        .manage = manage,
        .caller = mem_zeroed(MANAGE_WAITING_MAX, sizeof(*hall.caller)),
        .wait = mem_zeroed(WAIT_CALLERS + MANAGE_WAITING_MAX, sizeof(*hall.wait))};

    manage->place = place;
    pthread_mutex_init(&manage->lock, NULL);
    pthread_cond_init(&manage->left, NULL);
    manage->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    hall.signals = signals_open();
    if (!sandbox_close_manager(&err)) {
        view_text_failure(stderr, &err);
        exit(2);
    }
    while (!atomic_load(&manage->stop))
        hall_turn(&hall);
    for (size_t i = 0; i < hall.n; i++)
        close(hall.caller[i].socket);
    seats_close(manage);
    mem_free(hall.caller);
    mem_free(hall.wait);
    mem_free(manage);
    exit(0);
}
