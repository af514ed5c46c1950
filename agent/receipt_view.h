/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receipts for people and machines. */
#pragma once

#include "agent/receipt_check.h"

#include <stdio.h>

/* The receipt, or the notice that it was aborted. */
must_check bool receipt_view_text(FILE *out, const struct outcome_file *file,
                                  struct error *err);
/* {"good":…,"file":…,"migration":…,"epoch":…,"committed":…,"findings":[F…]} or text. */
void receipt_view_check(FILE *out, const struct receipt_check *check, const char *path,
                        bool json);
