/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Grants of which the source may never have heard: the answer was lost. Nothing was asked
 * by them and nothing has arrived; they are given again to the key that asks again, and
 * removed with their migration when their time is over.
 */
#pragma once

#include "agent/authority.h"

/* The migration of such a grant of this key, for the same name, directory and digest; `out`
 * is empty when there is none. */
must_check bool unheard_find(char out[MIGRATION_ID_MAX], struct db *db,
                             const struct digest *client_key,
                             const struct migration_facts *facts, time_t now,
                             struct error *err);
/* Remove those whose grants ran out so long ago; each is in the record. */
#define UNHEARD_KEEP_SECONDS (7 * 86400)
must_check bool unheard_sweep(struct office *office, time_t now, struct error *err);
