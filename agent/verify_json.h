/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `chain verify` and `chain lint` print with --json: one object on one line. */
#pragma once

#include "certs/chain.h"

#include <stdio.h>

/* valid, path (as far as it goes), findings. */
void verify_json_print(FILE *out, bool valid, const struct chain *path,
                       const struct report *report);
/* findings. */
void verify_json_lint(FILE *out, const struct report *report);
