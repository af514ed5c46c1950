/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pairing that waits for the operator, for a terminal and for machines. */
#pragma once

#include "pairing/approval.h"

#include <stdio.h>

/* `self` is this target's name. */
void pairing_view_text(FILE *out, const struct pairing *pairing, const char *self);
void pairing_view_json(FILE *out, const struct pairing *pairing, const char *self);
