/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The source's listing of a tree, made before anything is said to the target, so that
 * unreadable files are findings before the first byte moves and the size gives an estimate
 * of the time. It lies in STATE/migrations/new-<pid> until the migration has its id.
 */
#pragma once

#include "agent/move.h"

#define RATE_ASSUMED (100 << 20) /* bytes a second, where no --limit says otherwise */
#define SECONDS_ASSUMED 60       /* for everything but the bytes */

/* List the tree; *seconds is the estimate. Findings are what cannot be moved. */
must_check bool listing_make(int state, const struct move_plan *plan, enum digest_kind kind,
                             struct report *findings, int64_t *seconds, struct error *err);
/* The estimate of a migration that was listed before; 0 when there is no whole listing. */
void listing_recall(int state, const struct move_plan *plan, enum digest_kind kind,
                    int64_t *seconds);
/* The listing becomes that of the migration, unless that has one already. */
must_check bool listing_adopt(int state, const char *migration, struct error *err);
/* Of a finished migration all but its plan goes. */
must_check bool listing_drop(int state, const char *migration, struct error *err);
/* Remove what a run that failed or was killed has left; what stays is told on standard
 * error. */
void listing_sweep(int state);
