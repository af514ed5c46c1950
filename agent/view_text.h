/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our structs for a terminal. Text from outside passes text_printable here and nowhere
 * else. */
#pragma once

#include "base/error.h"
#include "certs/leaves.h"

#include <stdio.h>

/* "pairgate: PGC1004: sentence" / detail / remedy. */
void view_text_failure(FILE *out, const struct error *err);
/* One finding: severity, id, rung, sentence, detail, remedy. */
void view_text_finding(FILE *out, const struct error *finding);
/* All findings, worst first; "no findings" when there are none. */
void view_text_report(FILE *out, const struct report *report);
/* One chain's ladder: Issued To, Issued By, from, until, a row a rung. */
void view_text_ladder(FILE *out, const struct chain *chain);
/* The same; two leaves are both rung 0, and say which is which. */
void view_text_leaves(FILE *out, const struct leaves *leaves);
/* The same for a narrow terminal, rung below rung, by their whole names and digests; or
 * Issued To and Issued By alone. */
void view_text_rungs(FILE *out, const struct leaves *leaves, bool names_alone,
                     unsigned columns);
