/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target's operator ends what was permitted. */
#pragma once

#include "base/db.h"
#include "base/error.h"
#include "pairing/grant.h"

#include <time.h>

/*
 * The id of a grant, of a migration or of a pairing. A pairing that waits is denied; else
 * every grant of the migration is revoked, and its worker hears of it with its next
 * request. E_REVOKE_LATE from `committing` on, E_PAIRING_UNKNOWN when there is none here.
 * `migration` is set to what was revoked, or "".
 */
must_check bool revoke(char migration[MIGRATION_ID_MAX], struct db *db, const char *id,
                       time_t now, struct error *err);
