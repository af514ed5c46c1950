/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a file has data and where it has holes. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <sys/stat.h>

/* By its blocks; else it has none. */
bool holes_are_likely(const struct stat *st);
/* The data ranges of dir/name as the manifest carries them. `out` is emptied; *sparse is
 * false for a file without holes, and on a file system that does not tell. */
must_check bool holes_find(struct buf *out, bool *sparse, int dir, const char *name,
                           const struct stat *st, struct error *err);
