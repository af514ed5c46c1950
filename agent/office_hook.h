/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor runs the hooks of a migration: those that the worker asks for at its
 * steps, and by itself those that are owed (a source to be thawed, a target to be activated
 * or rolled back), until they have succeeded. What was run is a row and a record.
 */
#pragma once

#include "agent/hook_place.h"

struct request; /* agent/office.h */

#define HOOK_LOCK "hooks.lock" /* of whoever runs what is owed to a target */
#define HOOK_TICK_MS 25
#define HOOK_AGAIN_MS 1000      /* an owed one that failed, the first time */
#define HOOK_AGAIN_MAX_MS 60000 /* doubled up to this */
#define HOOK_OTHERS_MS 10000    /* to wait for what another process is to run */
#define HOOK_ALONE_MS 2000      /* for one that has a thawed source, and does nothing */

/* AUTHORITY_HOOK: begin it, say how it is going, hand out how it went. */
must_check bool office_hook(struct request *r, struct error *err);
/* A move that a hook must have allowed: refused when it has not. */
must_check bool office_hook_allows(struct office *office, const struct handover *before,
                                   enum handover_event event, struct error *err);
/* A move was made: something may be owed. */
void office_hook_moved(struct office *office, const char *migration);
/* How long the supervisor may sleep between two looks, -1: until it is asked. */
int office_hook_sleep_ms(const struct office *office);
/* What still runs is ended; the next agent runs it again. */
void office_hook_clear(struct office *office);

/* office_owed.c: what nobody asks for. */

/* Some process minds what is owed to a target: a listener from its first turn to its end, a
 * takeover or an abort as long as it lasts. */
bool office_hook_is_minded(int state);
/* Every turn of the supervisor. */
void office_hook_look(struct office *office);
/*
 * The worker has ended: what is owed is run once more and waited for, or what another
 * process of this appliance minds is waited for. False with why when it is still owed. A
 * signal ends it.
 */
must_check bool office_hook_finish(struct office *office, struct error *err);
/* The same for a command that made a move of a source by itself. */
must_check bool office_hook_settle(struct state *state, const char *migration, bool json,
                                   struct error *err);
