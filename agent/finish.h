/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the target does without being asked: a migration in `committing` is published and
 * decided, or rolled back when it never can be; of one that was aborted the staging area
 * goes. At the start, and from time to time for what a person has decided meanwhile.
 */
#pragma once

#include "agent/migrations.h"

/*
 * From `committing`: import, publish, sign, decide; or rolled back when the import failed
 * or it can never be published. Redone whole after a crash. Waits this long for the hook,
 * then E_HOOK_RUNNING: to be called again. The caller has the migration's lock for writing.
 */
must_check bool finish_commit(struct migrations *migrations, struct migration *migration,
                              int64_t patience_ms, struct error *err);
/* All that were left so; from one thread. What fails is told on standard error and tried
 * again later. */
void finish_left(struct migrations *migrations);
/* The staging area of a migration that is decided, unless somebody has it open: of one that
 * was aborted what it has is kept for the next try. Another one's stays. */
must_check bool finish_remove(struct authority *authority, int into, const char *id,
                              struct error *err);
/* At the start: staging areas of migrations that are decided, left by a crash. */
void finish_sweep(struct migrations *migrations);
/* The same, and those of aborted ones that are open here: what they had lies where the next
 * try looks for it. The caller has no migration's lock. */
void finish_ended(struct migrations *migrations);
