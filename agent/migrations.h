/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The migrations a listening worker has open: staging, marks and the handover row of each,
 * shared by all connections of its peer, and the one thread that journals finished
 * segments.
 */
#pragma once

#include "agent/events.h"
#include "agent/supervisor.h"
#include "transfer/receive.h"

#include <pthread.h>
#include <stdatomic.h>

#define MIGRATIONS_OPEN_MAX 16

struct migration {
    char id[MIGRATION_ID_MAX]; /* "" while the place is free */
    pthread_rwlock_t lock;  /* read: what receive.h allows many threads; write: the rest */
    struct receive receive; /* .opened while there is staging */
    struct handover handover;
    struct migration_facts facts;
    atomic_bool admitted;    /* target-preflight has nothing against it */
    int64_t flushed_ms;      /* when the journal last looked */
    _Atomic int64_t used_ms; /* when a request last had it */
};

struct migrations {
    struct worker *worker;
    int into;              /* borrowed */
    const char *directory; /* of `into`, absolute; borrowed, like the next */
    bool replaces;         /* set before: an older copy of the same name, by exchange */
    const struct events *events;
    int64_t finish_ms; /* when finish_left looks again */
    pthread_mutex_t lock;
    struct migration place[MIGRATIONS_OPEN_MAX];
    pthread_t journal;
    atomic_bool stop;
    bool running;
};

/* Data of a failed try is for the same source and the same name alone: where it lies below
 * .pairgate. */
#define KEPT_NAME_ROOM 48
void kept_name(char out[KEPT_NAME_ROOM], const struct grant *grant, const char *name);
/* Begins with what finish_left and finish_sweep do. */
must_check bool migrations_begin(struct migrations *out, struct worker *worker, int into,
                                 const char *directory, const struct events *events,
                                 struct error *err);
/* Place i is in use. */
bool migrations_is_taken(struct migrations *migrations, size_t i);
/* The open migration of this grant, opened (and restored from the journal) when need be,
 * with its lock held: for writing when `alone`. The caller unlocks. Where all places are in
 * use, one that has been silent for a while is closed for it. */
must_check bool migrations_hold(struct migrations *migrations, const struct grant *grant,
                                bool alone, struct migration **out, struct error *err);
/* Everything received is synced and journaled; the caller holds the lock of the migration.
 */
must_check bool migration_flush(struct migrations *migrations, struct migration *migration,
                                struct error *err);
/* The staging of the generation that the row names is open, unless all is decided: after a
 * move to the next one, and after that has failed. The caller holds the lock of the
 * migration alone. */
must_check bool migration_stage(struct migrations *migrations, struct migration *migration,
                                const struct grant *grant, struct error *err);
void migrations_end(struct migrations *migrations);
