/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What has been run for which migration: rows of the database, so that a hook that was
 * killed with its agent is run again, and one that succeeded is not.
 */
#pragma once

#include "agent/hooks.h"
#include "base/db.h"

#include <stdint.h>

enum hook_outcome { HOOK_BEGUN, HOOK_DONE, HOOK_FAILED };

/*
 * A hook that is begun takes away the row of what undoes it; one that undoes another makes
 * that one's row one that was only begun, and takes it away when it is done. So a row of
 * source-freeze says that it is to be thawed, and one that is done that nothing has begun
 * to.
 */
must_check bool hook_rows_set(struct db *db, const char *migration, enum hook hook,
                              enum hook_outcome outcome, int64_t now, struct error *err);
must_check bool hook_rows_is_done(bool *out, struct db *db, const char *migration,
                                  enum hook hook, struct error *err);
/* It runs, or was cut off with its agent, and what undoes it has not begun since. */
must_check bool hook_rows_is_begun(bool *out, struct db *db, const char *migration,
                                   enum hook hook, struct error *err);
/* The first migration behind `after` to which the hook is owed by itself, whoever asks for
 * it; *found says if. `out` may be `after`. */
must_check bool hook_rows_owed(char out[HANDOVER_ID_MAX], bool *found, struct db *db,
                               enum hook hook, const char *after, struct error *err);
/* The hook that a migration is owed, or HOOK_NONE; one side has no two. */
must_check bool hook_rows_owed_to(enum hook *out, struct db *db, const char *migration,
                                  struct error *err);
