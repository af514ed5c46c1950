/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Migrations and receipts as text and as JSON. */
#pragma once

#include "agent/state.h"
#include "transfer/handover.h"

#include <stdio.h>

/* "m-" and lower-case letters and digits: what may become part of a path. */
must_check bool migration_id_is_plain(const char *id, struct error *err);
/* One line each, and of one that a source has not ended whether it is gone on with; with
 * `id` that one alone, E_MIGRATION_UNKNOWN when there is none. */
must_check bool migration_list(FILE *out, struct state *state, const char *id, bool json,
                               struct error *err);
