/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the identity commands share; their rows are in cmd_identity.c. */
#pragma once

#include "agent/changes.h"

int identity_run_self_sign(struct call *call, struct error *err);
int identity_run_import(struct call *call, struct error *err);
int identity_run_restore(struct call *call, struct error *err);
int identity_run_confirm(struct call *call, struct error *err);

int identity_run_backups(struct call *call, struct error *err);
int identity_run_prune(struct call *call, struct error *err);
int identity_run_encrypt_key(struct call *call, struct error *err);
int identity_run_decrypt_key(struct call *call, struct error *err);
int identity_run_services(struct call *call, struct error *err);

void identity_print(const struct identity *identity);
