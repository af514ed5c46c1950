/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state directory: files an administrator can look at, and one database. */
#pragma once

#include "base/db.h"
#include "base/error.h"

#include <limits.h>
#include <time.h>

#define STATE_DIR_DEFAULT "/var/lib/pairgate"
#define STATE_DB_FILE "state.db"

struct state {
    char dir[PATH_MAX];
    int fd; /* of the directory; counts only when opened */
    bool opened;
    int lock; /* of the lock file; counts only while locked */
    bool locked;
    struct db db; /* handle NULL until state_open_db */
};

/* Open an initialised state directory; E_STATE_MISSING tells to run `pairgate init`. A
 * change whose time to be confirmed is over goes back first (state_honour_rollback). */
must_check bool state_open(struct state *out, const char *dir, struct error *err);
/* Make it (0700) when it is not there, then open it. */
must_check bool state_make(struct state *out, const char *dir, struct error *err);
/* Open state.db with the whole schema. */
must_check bool state_open_db(struct state *state, struct error *err);
/* Hold the lock file while files of the state change; released by state_close or the exit.
 * What killed commands left behind is swept up then. */
must_check bool state_lock(struct state *state, struct error *err);
/* The same without waiting: E_STATE_BUSY at once. */
must_check bool state_try_lock(struct state *state, struct error *err);
void state_unlock(struct state *state);
/*
 * Go back from a change that nobody confirmed in time, and say so on standard error. `back`
 * becomes the number that is current again, 0 when nothing was due: a daemon that asks now
 * and then loads its identity anew when it is not 0.
 */
must_check bool state_honour_rollback(struct state *state, time_t now, unsigned *back,
                                      struct error *err);
/* Neither it nor `path`, absolute and without links, lies in the other; else `msg`. */
must_check bool state_lies_apart(const struct state *state, const char *tree, enum msg msg,
                                 struct error *err);
void state_close(struct state *state);
