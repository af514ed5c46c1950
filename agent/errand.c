/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/errand.h"

#include "agent/clock.h"
#include "base/fs.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TICK_MS 250
#define LOG_TICK_MS 10000

void errand_begin(struct errand *out, const struct events *events, _Atomic int64_t *clock,
                  int64_t patience_ms)
{
    *out = (struct errand){.events = events, .clock = clock, .patience_ms = patience_ms};
    pthread_mutex_init(&out->lock, NULL);
    pthread_mutex_init(&out->contact.lock, NULL);
}

void errand_end(struct errand *errand)
{
    pthread_mutex_destroy(&errand->lock);
    pthread_mutex_destroy(&errand->contact.lock);
}

struct contact *errand_contact(struct errand *errand)
{
    return errand->watched ? &errand->contact : NULL;
}

/* ---- progress ---- */

static uint64_t less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * What is accepted, and what is under way beside it; true when there is news. A segment
 * that is sent anew, or between the two, takes nothing off. `accepted` is read first, so
 * that none is in both. The total is an estimate when a part of the tree is there already.
 */
static bool look(struct errand *errand)
{
    const uint64_t total = atomic_load(&errand->progress->bytes_total);
    const uint64_t accepted = less(atomic_load(&errand->progress->bytes), total);
    const uint64_t bytes = less(accepted + atomic_load(&errand->progress->passing), total);
    const bool news = bytes > errand->shown || accepted != errand->accepted;

    if (bytes > errand->shown)
        errand->shown = bytes;
    errand->accepted = accepted;
    return news;
}

static void show(struct errand *errand)
{
    const uint64_t total = atomic_load(&errand->progress->bytes_total);
    const int64_t now = clock_steady_ms();
    const double seconds = (double)(now - errand->begun_ms) / 1000;

    errand->shown_ms = now;
    if (total > 0)
        event_progress(errand->events, errand->shown, errand->accepted, total,
                       seconds > 0 ? (double)errand->shown / seconds : 0);
}

/* On a terminal and as JSON often, in a log seldom, and only when there is news. */
static void show_news(struct errand *errand)
{
    const bool often = errand->events->json || isatty(STDERR_FILENO) == 1;

    pthread_mutex_lock(&errand->lock);
    if (errand->progress != NULL &&
        clock_steady_ms() - errand->shown_ms >= (often ? TICK_MS : LOG_TICK_MS) &&
        look(errand))
        show(errand);
    pthread_mutex_unlock(&errand->lock);
}

void errand_show(struct errand *errand, const struct progress *progress)
{
    pthread_mutex_lock(&errand->lock);
    if (progress != NULL) {
        errand->begun_ms = errand->shown_ms = clock_steady_ms();
        errand->shown = errand->accepted = 0;
    } else {
        (void)look(errand);
        show(errand);
        event_progress_end(errand->events);
    }
    errand->progress = progress;
    pthread_mutex_unlock(&errand->lock);
}

/* ---- the work, watched ---- */

struct watch {
    struct errand *errand;
    bool (*work)(void *at, struct error *err);
    void *at;
    struct error err;
    bool good;
    int ended;          /* an eventfd, readable at the end */
    int signals;        /* a signalfd */
    uint64_t answers;   /* of the other side, when they were looked at last */
    uint64_t retries;   /* the same */
    int64_t heard_ms;   /* the newest answer */
    int64_t stopped_ms; /* when the end was asked for, or 0 */
    enum msg told;      /* the trouble that the user knows of */
};

static void *labour(void *at)
{
    struct watch *watch = at;

    watch->good = watch->work(watch->at, &watch->err);
    (void)!eventfd_write(watch->ended, 1);
    return NULL;
}

static void tell_trouble(struct watch *watch)
{
    struct errand *errand = watch->errand;
    const int64_t left_ms = errand->patience_ms - (clock_steady_ms() - watch->heard_ms);
    struct error why;

    pthread_mutex_lock(&errand->contact.lock);
    why = errand->contact.trouble;
    pthread_mutex_unlock(&errand->contact.lock);
    if (why.msg == watch->told || left_ms <= 0)
        return;
    watch->told = why.msg;
    event_progress_end(errand->events);
    event_trouble(errand->events, &why, clock_now() + left_ms / 1000);
}

/* An answer ends all trouble; a request that failed since the last one begins it. */
static void watch_network(struct watch *watch)
{
    struct errand *errand = watch->errand;
    const uint64_t answers = atomic_load(&errand->contact.answers);
    const uint64_t retries = atomic_load(&errand->contact.retries);
    const int64_t now = clock_steady_ms();

    if (answers != watch->answers) {
        watch->answers = answers;
        watch->retries = retries;
        watch->heard_ms = now;
        if (watch->told != E_NONE)
            event_recovered(errand->events);
        watch->told = E_NONE;
    }
    if (retries == watch->retries)
        return;
    if (now - watch->heard_ms >= errand->patience_ms)
        atomic_store(&errand->contact.weary, true);
    tell_trouble(watch);
}

static void watch_stop(struct watch *watch)
{
    const int64_t now = clock_steady_ms();
    struct signalfd_siginfo info;

    if (read(watch->signals, &info, sizeof(info)) > 0 && watch->stopped_ms == 0) {
        watch->stopped_ms = now;
        atomic_store(&watch->errand->stop, true);
    }
    if (watch->stopped_ms == 0 || now - watch->stopped_ms < ERRAND_STOP_SECONDS * 1000)
        return;
    fprintf(stderr, "pairgate: %s: %s\n", message_of(E_STOPPED)->id,
            message_of(E_STOPPED)->text);
    _exit(2);
}

/* The supervisor hears of SIGINT and SIGHUP as well, and sends SIGTERM for each. */
static int hold_signals(void)
{
    sigset_t waited_for, held;

    sigemptyset(&waited_for);
    sigaddset(&waited_for, SIGTERM);
    held = waited_for;
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &held, NULL);
    return signalfd(-1, &waited_for, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* False when the work has ended. */
static bool wait_a_tick(const struct watch *watch)
{
    struct pollfd wait[] = {{.fd = watch->ended, .events = POLLIN},
                            {.fd = watch->signals, .events = POLLIN}};

    return poll(wait, COUNT(wait), TICK_MS) <= 0 || wait[0].revents == 0;
}

static void watch_work(struct watch *watch)
{
    while (wait_a_tick(watch)) {
        watch_stop(watch);
        atomic_store(watch->errand->clock, clock_now());
        watch_network(watch);
        show_news(watch->errand);
    }
}

bool errand_run(struct errand *errand, bool (*work)(void *at, struct error *err), void *at,
                struct error *err)
{
    scoped(fd_close) int signals = hold_signals();
    scoped(fd_close) int ended = eventfd(0, EFD_CLOEXEC);
    struct watch watch = {.errand = errand,
                          .work = work,
                          .at = at,
                          .heard_ms = clock_steady_ms(),
                          .signals = signals,
                          .ended = ended};
    pthread_t thread;

    errand->watched = true;
    if (signals < 0 || ended < 0 || pthread_create(&thread, NULL, labour, &watch) != 0)
        return fail(err, E_BUSY, "no thread for the transfer");
    watch_work(&watch);
    pthread_join(thread, NULL);
    if (!watch.good)
        *err = watch.err;
    return watch.good;
}
