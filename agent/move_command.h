/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the commands of a source's migration run and end. */
#pragma once

#include "agent/command.h"
#include "agent/move.h"
#include "agent/state.h"

/* Part into two processes and do it. Gives the exit status. */
int move_part(struct call *call, struct move *move, struct state *state,
              bool (*what)(struct move *, struct error *), struct error *err);
