/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The source's whole migration: pair, be authorised, list, send, freeze, seal, commit,
 * countersign. Every step is in the database before it is told, so that running it again
 * after any interruption goes on where it was (docs/protocol.md 7).
 */
#pragma once

#include "agent/consent.h"
#include "agent/dial.h"
#include "agent/events.h"
#include "agent/supervisor.h"
#include "transfer/send.h"
#include "transfer/tree.h"

#include <limits.h>

#define MIGRATIONS_DIR "migrations" /* of the state directory */

/* What the administrator asked for; kept in the work directory, so that `resume` knows it.
 */
struct move_plan {
    struct endpoint peer;
    char peer_name[PEER_NAME_MAX];
    char tree[PATH_MAX]; /* absolute */
    char name[PUBLISH_NAME_MAX];
    char migration[MIGRATION_ID_MAX]; /* empty until granted */
    unsigned streams;
    uint64_t limit; /* bytes a second, 0: none */
    enum compress compress;
    int64_t patience; /* seconds of silence before the source gives up */
    bool nowhere;     /* to be measured: nothing is stored, nothing handed over */
    enum policy policy;
    struct demands demands;
    struct tree_wish wish;
    bool basis; /* only the difference to an older copy there */
};

struct move {
    struct move_plan plan;
    struct worker *worker;
    struct events events;
    int state;                          /* borrowed descriptor of the state directory */
    const struct consent *consent;      /* NULL: the grant of before must do */
    const struct outcome_file *carried; /* move_by_file: the target's signed answer */
    struct report findings;             /* when the connection check refused */
    struct chain peer;                  /* as presented, for the ladders */
    struct chain peer_client;           /* of its client leaf, when it has two */
    bool refused;
    bool thawed; /* in the end the source owned it for good */
};

/* STATE/migrations/<id>/plan: one "key value" a line. */
must_check bool plan_save(const struct move_plan *plan, int work, struct error *err);
must_check bool plan_load(struct move_plan *out, int state, const char *migration,
                          struct error *err);
/* Make or open STATE/migrations/<id>. */
must_check bool plan_open_work(int *out, int state, const char *migration,
                               struct error *err);
/* The same, for as long as it is open for nobody else: E_MIGRATION_RUNS. */
must_check bool plan_lock_work(int *out, int state, const char *migration,
                               struct error *err);

/* Some process goes on with it now. */
bool plan_is_run(int state, const char *migration);

/* Do it. False with move->refused when the verdicts were not good: see findings and peer.
 */
must_check bool move_run(struct move *move, struct error *err);
/* What it came to, without a connection. */
must_check bool move_by_file(struct move *move, struct error *err);
/* Ask the target to abort. */
must_check bool move_abort(struct move *move, struct error *err);
void move_clear(struct move *move);
