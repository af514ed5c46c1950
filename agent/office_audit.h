/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the supervisor writes into the record: what it decided itself, and what a worker has
 * seen, of the kinds that a worker may tell of and so many a minute.
 */
#pragma once

#include "agent/authority.h"

/* AUTHORITY_AUDIT */
must_check bool office_audit_told(struct office *office, const struct authority_ask *ask,
                                  struct span details, struct error *err);
/* A move of the handover, committed together with its record: none is made that is not on
 * record. One that changed no state can be asked for as often as a peer likes, and is
 * bounded like what a worker tells. */
must_check bool office_audit_move(struct office *office, struct db_change *change,
                                  const struct handover *before,
                                  const struct handover *after, enum handover_event event,
                                  struct error *err);
/* A hook that was run; `outcome` E_NONE: it succeeded. */
must_check bool office_audit_hook(struct office *office, const char *migration,
                                  const char *hook, const struct runner *runner,
                                  const struct error *outcome, struct error *err);
/* The answer to a request for authority: what was tried, and the grant it led to. A failure
 * to write becomes the answer's, so that nothing is granted without a record. */
void office_audit_answer(struct office *office, const struct authority_ask *ask,
                         struct authority_answer *answer);
/* The worker was ended by a signal. */
must_check bool office_audit_death(struct office *office, const struct error *why,
                                   struct error *err);
/* At the end: what was counted and not yet told. */
void office_audit_end(struct office *office);
