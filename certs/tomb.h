/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was removed from a store, kept for thirty days so that it can come back: files
 * DIR/trust/removed/<store>.<sha256>.pem, entries with the time of their removal.
 */
#pragma once

#include "certs/store.h"

#define TOMB_SECONDS ((time_t)30 * 86400)

/* Take an entry out of its store and lay a tombstone; the tombstone is there first. What is
 * older than thirty days goes for good. */
must_check bool tomb_lay(int state, const struct entry *entry, time_t now,
                         struct error *err);
/* All tombstones younger than thirty days. */
must_check bool tombs_load(struct store *out, int state, time_t now, struct error *err);
/* One of their files, below the directory REMOVED_DIR: what it says, and that it is named
 * for that. */
#define REMOVED_DIR "trust/removed"
must_check bool tomb_read(struct entry *out, int dir, const char *file, struct error *err);
/* Put an entry of tombs_load back into its store, as one imported by hand. */
must_check bool tomb_undo(int state, const struct entry *entry, time_t now,
                          struct error *err);
