/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor runs the hooks of a migration: those that the worker asks for at its
 * steps, and by itself those that are owed (a source to be thawed, a target to be activated
 * or rolled back), until they have succeeded. What was run is a row and a record.
 */
#pragma once

#include "agent/authority.h"
#include "agent/events.h"
#include "agent/hooks.h"

struct request; /* agent/office.h */

#define HOOK_PLACES 16
#define HOOK_LOCK "hooks.lock" /* of whoever runs what is owed to a target */
#define HOOK_TICK_MS 25
#define HOOK_AGAIN_MS 1000      /* an owed one that failed, the first time */
#define HOOK_AGAIN_MAX_MS 60000 /* doubled up to this */

struct hook_desk {
    const struct state *state;
    struct events events;
    struct migration_facts wish;     /* source: what is asked for, before it is granted */
    char migration[HANDOVER_ID_MAX]; /* source: the one this process is about */
    bool look;                       /* something may be owed */
    bool minds;                      /* target: this process runs what is owed */
    int lock;                        /* by this; counts only while it does */
    struct hook_place {
        char migration[HANDOVER_ID_MAX];
        enum hook hook; /* HOOK_NONE: free */
        bool owed;      /* nobody asks for its outcome */
        bool ended;
        struct error outcome; /* E_NONE: it succeeded */
        struct runner runner;
        int64_t again_ms; /* owed and failed: not before */
        unsigned tries;
    } place[HOOK_PLACES];
};

/* AUTHORITY_HOOK: begin it, say how it is going, hand out how it went. */
must_check bool office_hook(struct request *r, struct error *err);
/* A move that a hook must have allowed: refused when it has not. */
must_check bool office_hook_allows(struct office *office, const struct handover *before,
                                   enum handover_event event, struct error *err);
/* A move was made: something may be owed. */
void office_hook_moved(struct office *office, const char *migration);
/* Every turn of the supervisor; and how long it may sleep, -1: until it is asked. */
void office_hook_look(struct office *office);
int office_hook_sleep_ms(const struct office *office);
/*
 * The worker has ended: what is owed is run once more and waited for. False with why when
 * it is still owed. A signal ends it.
 */
must_check bool office_hook_finish(struct office *office, struct error *err);
/* The same for a command that made a move of a source by itself. */
must_check bool office_hook_settle(struct state *state, const char *migration, bool json,
                                   struct error *err);
/* What still runs is ended; the next agent runs it again. */
void office_hook_clear(struct office *office);
