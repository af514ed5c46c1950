/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands about certificates print with --json: one object on one line. */
#pragma once

#include "agent/changes.h"
#include "agent/upload.h"
#include "certs/ca.h"
#include "certs/identity.h"
#include "certs/trust.h"

#include <stdio.h>

/* chain check: accepted, policy, chain, findings. */
void certs_json_check(FILE *out, const struct upload *upload);
/* chain upload, certificate upload, identity import: the same, then identity, unchanged,
 * request, anchor, and the facts of the change unless NULL. */
void certs_json_upload(FILE *out, const struct upload *upload, const struct digest *anchor,
                       const struct change_facts *facts);
/* init, identity show, self-sign, restore, confirm, chain show, chain undo. */
void certs_json_identity(FILE *out, const struct identity *identity,
                         const struct change_facts *facts);
void certs_json_backups(FILE *out, const struct identities *identities, unsigned current);
void certs_json_services(FILE *out, const struct services *services);
/* One name and a number: {"pruned":3}. */
void certs_json_count(FILE *out, const char *name, size_t n);
void certs_json_diff(FILE *out, const struct report *report);
void certs_json_profiles(FILE *out);
void certs_json_ledger(FILE *out, const struct ledger *ledger);
void certs_json_pending(FILE *out, const struct pending *pending, struct span pem);
void certs_json_dropped(FILE *out, const char *id);
void certs_json_ca(FILE *out, const struct chain *ca);
/* ca issue: accepted, chain, findings, pem (null when it went to a file or was refused). */
void certs_json_issued(FILE *out, const struct chain *chain, const struct report *report,
                       struct span pem);
