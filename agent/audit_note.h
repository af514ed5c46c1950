/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a command writes into the record once it has done its work: one line each. A record
 * that cannot be written undoes nothing, but is told on standard error.
 */
#pragma once

#include "agent/audit.h"
#include "agent/state.h"
#include "agent/upload.h"
#include "certs/refresh.h"

/* Details are {"about": …}; "%s" of an empty string leaves it out. */
void audit_note(struct state *state, enum audit_kind kind, const char *event,
                const char *subject, const char *about, ...) printf_like(5, 6);
/*
 * A move of a migration that a person has typed: committed with its record, so that there
 * is none without. `change` was begun by the caller.
 */
must_check bool audit_note_typed(struct state *state, struct db_change *change,
                                 const char *event, const char *migration,
                                 struct error *err, const char *about, ...)
    printf_like(6, 7);
/* One that was made elsewhere; the state may be open with its database. For whom none may
 * be missing. */
must_check bool audit_note_entry(struct state *state, const struct audit_entry *entry,
                                 struct error *err);
/* The identity now in use: subject is its name. */
void audit_note_identity(struct state *state, const char *event);
/* The trust stores were brought to what is published. */
void audit_note_refreshed(struct state *state, const struct refreshed *refreshed);
/* Accepted or refused; `failure`: why it could not be installed, or E_NONE. */
void audit_note_upload(struct state *state, const char *event, const struct upload *upload,
                       const struct error *failure);
/* One certificate of the trust stores, or that a CA has issued; subject is its SHA-256. */
void audit_note_cert(struct state *state, enum audit_kind kind, const char *event,
                     const struct cert *cert);
