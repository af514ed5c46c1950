/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A refusal over HTTP: our own form, and the envelope that OpenManage's clients read. */
#pragma once

#include "agent/api_route.h"
#include "base/buf.h"

/* Which one a path belongs to, when it has no row. */
enum api_dialect api_dialect_of(const char *path);
/* The status of the first error among them: 400 to 599. */
int api_error_status(enum api_dialect dialect, const struct report *findings);
/* {"error":F,"findings":[F…]}, or OpenManage's: an entry of ExtendedInfo for each finding,
 * with the reason among its MessageArgs. */
must_check bool api_error_write(struct buf *out, enum api_dialect dialect,
                                const struct report *findings, struct error *err);
/* What a command printed as its failure or its findings; false when there is none. */
bool api_error_read(struct report *out, struct span printed);
/* It ends with {"error":F}: there are no facts. */
bool api_error_is_all(struct span printed);
