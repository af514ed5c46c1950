/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one screen of `doctor`, and the same as JSON. */
#pragma once

#include "agent/doctor.h"

#include <stdio.h>

void doctor_view_text(FILE *out, const struct doctor *doctor,
                      const struct doctor_wish *wish, unsigned columns);
void doctor_view_json(FILE *out, const struct doctor *doctor,
                      const struct doctor_wish *wish);
