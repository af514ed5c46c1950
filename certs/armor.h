/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one block that counts in a PEM text: a key or a request among other blocks. */
#pragma once

#include "base/buf.h"

/*
 * Decode the first block that has one of the n labels into `out`; `which` says whose. False
 * with err untouched when there is none.
 */
must_check bool armor_read(struct buf *out, size_t *which, struct span text,
                           const char *const *labels, size_t n, struct error *err);
