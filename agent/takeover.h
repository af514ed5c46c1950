/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The typed override at the target, for a source that is lost: the administrator alone, on
 * the database and the staging area, without the network. It moves the migration to
 * `committing`; whoever has the staging area then publishes and decides (agent/finish.h).
 */
#pragma once

#include "agent/authority.h"
#include "agent/state.h"

/* Asked before it is typed: E_HANDOVER_ABORTED, E_TAKEOVER_LIVES. */
must_check bool takeover_may(const struct handover *handover, bool alive,
                             struct error *err);
/* Of what is sealed; with `alive` also of a whole copy that no source has sealed, whose
 * terms are then computed here. On record with the move. Repeatable. */
must_check bool takeover(struct handover *handover, struct state *state,
                         const struct migration_facts *facts, bool alive, int64_t now,
                         struct error *err);
