/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a command writes into the record once it has done its work: one line each. A record
 * that cannot be written undoes nothing, but is told on standard error.
 */
#pragma once

#include "agent/audit.h"
#include "agent/state.h"
#include "agent/upload.h"

/* Details are {"about": …}; an empty one is left out. */
void audit_note(struct state *state, enum audit_kind kind, const char *event,
                const char *subject, const char *about);
/* The identity now in use: subject is its name. */
void audit_note_identity(struct state *state, const char *event);
void audit_note_upload(struct state *state, const char *event, const struct upload *upload);
/* One certificate of the trust stores, or that a CA has issued; subject is its SHA-256. */
void audit_note_cert(struct state *state, enum audit_kind kind, const char *event,
                     const struct cert *cert);
