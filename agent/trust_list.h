/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `trust list`. */
#pragma once

#include "agent/command.h"

int trust_list(struct call *call, struct error *err);
