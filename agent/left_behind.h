/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a migration does not move: sockets, devices, pipes, and what it was told to skip. */
#pragma once

#include "agent/authority.h"
#include "agent/events.h"

#define LEFT_BEHIND_EVENT "left-behind"

/* Told as an event, and counted in the record with the first of them. */
void left_behind_tell(const struct report *findings, const struct events *events,
                      struct authority *authority, const char *migration);
