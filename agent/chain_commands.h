/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the chain commands share; their rows are in cmd_chain.c. */
#pragma once

#include "agent/changes.h"

int chain_run_show(struct call *call, struct error *err);
int chain_run_undo(struct call *call, struct error *err);
