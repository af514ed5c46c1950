/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published lists and who holds them, for a terminal and as JSON. */
#pragma once

#include "agent/holding.h"

#include <stdio.h>

/* "current", "behind by 2", "absent", "over", "own" */
#define STANDING_MAX 32
void trust_status_standing(char out[STANDING_MAX], const struct published *list,
                           const struct holding *holding, time_t now);

void trust_status_text(FILE *out, const struct published_lists *lists,
                       const struct holdings *holdings, time_t now);
void trust_status_json(FILE *out, const struct published_lists *lists,
                       const struct holdings *holdings, time_t now);
void trust_status_json_list(FILE *out, const struct published *list);
