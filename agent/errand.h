/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A migration's work, on a thread of its own, while this one ticks the clock, shows how far
 * it is, tells of trouble with the network and how long it is borne, and hears the signal
 * that asks for an end.
 */
#pragma once

#include "agent/events.h"
#include "transfer/send.h"

#include <pthread.h>

#define PATIENCE_SECONDS 3600 /* that nothing is heard before the source gives up */
#define ERRAND_STOP_SECONDS                                                                \
    10 /* after which an end that was asked for is not waited for                          \
        */

struct errand {
    const struct events *events;
    _Atomic int64_t *clock; /* seconds since 1970, ticked */
    int64_t patience_ms;
    bool watched;                    /* errand_run is under way */
    atomic_bool stop;                /* for route.stop: a signal asked for an end */
    struct contact contact;          /* for send.contact */
    pthread_mutex_t lock;            /* of the rest */
    const struct progress *progress; /* NULL while nothing travels */
    int64_t begun_ms, shown_ms;
    uint64_t shown, accepted; /* bytes, as they were shown last */
};

/* The rest is borrowed until errand_end. */
void errand_begin(struct errand *out, const struct events *events, _Atomic int64_t *clock,
                  int64_t patience_ms);
/*
 * Do `work`, which is called with `at`, and wait for it. From now on signals do not end the
 * process: SIGTERM makes `stop` true, and after ERRAND_STOP_SECONDS the process exits as a
 * stopped one. What is kept is on disk before every step, so that loses nothing.
 */
must_check bool errand_run(struct errand *errand, bool (*work)(void *at, struct error *err),
                           void *at, struct error *err);
/* The contact that is watched, or NULL when nobody watches. */
struct contact *errand_contact(struct errand *errand);
/* Called by the work: contents begin to travel, and this is how far they are; NULL: they
 * have travelled, which is shown. */
void errand_show(struct errand *errand, const struct progress *progress);
void errand_end(struct errand *errand);
