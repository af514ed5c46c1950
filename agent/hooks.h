/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The integrator's part in a migration: executables STATE/hooks/NAME, which stop and start
 * what uses the data. One table says what each is for; docs/integrating.md is the contract.
 * The supervisor runs them (agent/office_hook.h); the table knows no process.
 */
#pragma once

#include "agent/runner.h"
#include "agent/state.h"
#include "transfer/handover.h"

#define HOOKS_DIR "hooks"
#define HOOK_NAME_MAX 32
#define HOOK_SECONDS 300 /* unless STATE/hooks/seconds says otherwise */
#define HOOK_SECONDS_MAX 86400

enum hook {
    HOOK_NONE,
    HOOK_SOURCE_PREFLIGHT, /* may this be moved now? before anything is said */
    HOOK_SOURCE_FREEZE,    /* stop writing, for good unless thawed */
    HOOK_SOURCE_THAW,      /* take up writing again */
    HOOK_SOURCE_RETIRE,    /* the target owns it: put away what is left */
    HOOK_TARGET_PREFLIGHT, /* may this come here? */
    HOOK_TARGET_IMPORT,    /* is what came good? the last word before the decision */
    HOOK_TARGET_ACTIVATE,  /* the data is ours: serve it */
    HOOK_TARGET_ROLLBACK   /* undo what import did */
};
#define HOOKS 9

/* One row of the table. */
struct hook_rule {
    const char *name;
    bool is_target;
    unsigned states;  /* a bit for each handover state in which it may run */
    bool once;        /* one that succeeded is not run again for the migration */
    unsigned owed;    /* those in which the supervisor runs it unasked */
    bool before_any;  /* it runs before there is a migration, too */
    enum hook undoes; /* what needs no undoing once this succeeded */
    enum msg failed;  /* what its failure is told as */
};
const struct hook_rule *hook_rule(enum hook hook);
/* It belongs to this side and this state of the handover. */
bool hook_may_run(enum hook hook, bool is_target, enum handover_state state);

/* An executable of STATE/hooks. */
struct hook_file {
    bool there;
    char path[PATH_MAX];      /* absolute */
    char home[PATH_MAX + 16]; /* "PAIRGATE_STATE=DIR", for its environment */
};
/*
 * Look for it; `there` tells whether there is one. What is there must be an executable file
 * that nobody else can change, in a directory of which the same is true.
 */
must_check bool hook_find(struct hook_file *out, const struct state *state,
                          const char *name, struct error *err);
/* Seconds that a hook may take: STATE/hooks/seconds. */
must_check bool hook_seconds(unsigned *out, const struct state *state, struct error *err);
