/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the supervisor: the hooks that run or are to be run again, a place for each. */
#pragma once

#include "agent/authority.h"
#include "agent/events.h"
#include "agent/hooks.h"

#define HOOK_PLACES 16

struct hook_place {
    char migration[HANDOVER_ID_MAX];
    enum hook hook; /* HOOK_NONE: free */
    bool owed;      /* nobody asks for its outcome */
    bool ended;
    struct error outcome; /* E_NONE: it succeeded */
    struct runner runner;
    int64_t again_ms; /* owed and failed: not before */
    unsigned tries;
};

struct hook_desk {
    const struct state *state;
    struct events events;
    struct migration_facts wish;     /* source: what is asked for, before it is granted */
    char migration[HANDOVER_ID_MAX]; /* source: the one this process is about */
    bool look;                       /* something may be owed */
    bool minds;                      /* this process runs what is owed */
    int lock;                        /* by this; counts only while it does */
    bool alone;                      /* source: although another process has the lock */
    int64_t look_ms;                 /* and then it looks again, whoever made a move */
    struct hook_place place[HOOK_PLACES];
};

/* The place of a hook, or NULL; the same of a free one. */
struct hook_place *hook_place_find(struct hook_desk *desk, const char *migration,
                                   enum hook hook);
struct hook_place *hook_place_find_free(struct hook_desk *desk);
/* What still runs there is ended. */
void hook_place_free(struct hook_place *place);
bool hook_place_runs(const struct hook_place *place);

/* What the hook is about; before there is a migration, what is asked for. */
must_check bool hook_subject(struct office *office, const char *migration,
                             struct handover *handover, struct migration_facts *facts,
                             struct error *err);
/* Run what is there. `ended` with its outcome when there is nothing, or it cannot be run.
 */
void hook_place_begin(struct office *office, struct hook_place *place);
/* Its process has ended: told, on record, kept. */
void hook_place_end(struct office *office, struct hook_place *place);
