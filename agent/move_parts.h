/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of a source's migration share. */
#pragma once

#include "agent/errand.h"
#include "agent/move.h"

/* What one run holds open. */
struct run {
    struct move *move;
    struct grant grant;
    struct handover handover;
    struct migration_facts facts;
    struct send send;
    struct put line; /* what is asked of the target goes over it */
    struct pace pace;
    struct errand errand; /* of what comes after the grant */
    _Atomic int64_t clock;
    int work, root;
    bool agreed; /* the newest connection had two good verdicts */
    bool paced;  /* `pace` counts */
};

/* One move, kept before it is told. */
must_check bool run_act(struct run *run, const struct handover_act *act, struct error *err);
/* The same of one of ours. */
must_check bool run_step(struct run *run, enum handover_event event,
                         const struct handover_terms *terms,
                         const struct signed_text *statement, struct error *err);
/* Our integrator's part in a step; it takes as long as it takes. */
must_check bool run_hook(struct run *run, enum hook hook, struct error *err);
/* The work directory of the migration, which nobody else goes on with meanwhile. */
must_check bool run_claim(struct run *run, struct error *err);
/* How the target is reached: run->send without a tree. */
void run_route(struct run *run);

/* move_pair.c: a connection, both verdicts, and the grant in run->grant, adopted. */
must_check bool move_pair(struct run *run, struct error *err);

/* move_tree.c: the passes over the tree. */

#define FROZEN_PASSES 3 /* that a file may spoil by changing, before it is a finding */

/*
 * From `sending` or `frozen`: everything is at the target, and the source was frozen when
 * the last of it was listed. What the source writes until it is frozen comes as a second
 * generation.
 */
must_check bool move_tree(struct run *run, struct error *err);
/* From `sending`: everything was sent to a target that drops it. */
must_check bool move_nowhere(struct run *run, struct error *err);

/* outcome.c: what a migration came to. */

/* Ask the target, whose key alone is judged: whatever has expired or was revoked, both
 * sides are told who owns the data. *decided when run->handover says so now. */
must_check bool outcome_hear(struct run *run, bool *decided, struct error *err);
/* The target's signed answer, on a connection or by file; `target` is its chain. */
must_check bool outcome_take(struct run *run, enum signed_kind kind,
                             const struct signed_text *text, const struct chain *target,
                             struct error *err);
/* Our signature beside the target's, once source-retire has done its part: kept, then told.
 */
must_check bool outcome_countersign(struct run *run, struct error *err);
/* The same of the answer in move->carried, without a connection. */
must_check bool outcome_by_file(struct run *run, struct error *err);
