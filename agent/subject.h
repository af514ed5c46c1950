/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The migration that a command names: its row, what else is known of it, and its side. */
#pragma once

#include "agent/authority.h"
#include "agent/command.h"
#include "agent/migration_view.h"
#include "agent/state.h"

struct subject {
    struct state state; /* with its database open */
    struct handover handover;
    struct migration_facts facts;
    bool is_target;
};
/* E_MIGRATION_UNKNOWN when there is none of this id. */
must_check bool subject_load(struct subject *out, const struct call *call, const char *id,
                             struct error *err);
/* This side of it is the target, or the source; else E_OTHER_SIDE. */
must_check bool subject_is(const struct subject *subject, bool target, struct error *err);
void subject_clear(struct subject *subject);
