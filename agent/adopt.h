/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The published list as one signed document, written by its publisher, adopted by others.
 */
#pragma once

#include "agent/holding.h"
#include "agent/state.h"

/* Clocks differ: a document may have been signed so much later than now. */
#define ADOPT_AHEAD_SECONDS 300

struct export_wish {
    time_t now;
    unsigned days;     /* of validity */
    unsigned sequence; /* 0, or the number to go on from after a restore */
};
/* Sign our own list; *list says what was signed. The state's lock is held. */
must_check bool adopt_export(struct buf *document, struct published *list, int state,
                             const struct export_wish *wish, struct error *err);

struct adopt_wish {
    time_t now;
    bool confirmed; /* anchors of a known name with another key; another publisher */
    bool force;     /* anchors that go although something depends on them */
};
/*
 * Verify a document, judge it, keep the list. Refused: a signer that leads to no anchor or
 * is not the one who signed this list before, a lower sequence, one out of date, an anchor
 * with the name of ours and another key, an anchor gone that is needed here. Nothing in the
 * stores changes before trust_refresh.
 */
must_check bool adopt_document(struct published *list, struct state *state,
                               struct span document, const struct adopt_wish *wish,
                               struct error *err);

/* What this appliance holds, signed; and the record of another one, kept. */
must_check bool adopt_export_holding(struct buf *document, int state, time_t now,
                                     struct error *err);
must_check bool adopt_import_holding(struct holding *out, int state, struct span document,
                                     time_t now, struct error *err);
