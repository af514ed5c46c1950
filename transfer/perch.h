/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The directory a path stands in, opened beneath a root without following any link and kept
 * for the next path, which mostly stands in the same one.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

#include <limits.h>

struct perch {
    bool held;
    int dir;
    int root;
    char parent[PATH_MAX];
    char name[NAME_MAX + 1]; /* last component of the path reached */
};

/* perch->dir and perch->name are the path's afterwards; the empty path is "." in the root.
 */
must_check bool perch_reach(struct perch *perch, int root, struct span path,
                            struct error *err);
void perch_clear(struct perch *perch);
