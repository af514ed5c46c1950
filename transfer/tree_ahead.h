/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a listing asks about the names of one directory, asked before their turn: by a
 * thread beside the walker's, and by the walker instead of waiting for that one. Nothing is
 * told here: what failed, or is more than a row takes, the walker asks again in its turn.
 */
#pragma once

#include "base/buf.h"

#include <sys/stat.h>

struct glance {
    struct stat st;
    bool known;        /* it is a file; else nothing here counts */
    bool settled;      /* it may be read, has no holes, and has these attributes: */
    struct buf xattrs; /* as attrs_read fills it */
};

struct ahead;

/* Begin with n names of an open directory; both are borrowed until ahead_end. `settle`: not
 * the stat alone. NULL when there is no second processor or no thread to be had. */
struct ahead *ahead_begin(int dir, const char *const *names, size_t n, bool settle);
/* Of the ith name, each in its turn; valid until the next. NULL: nothing is known of it. */
const struct glance *ahead_take(struct ahead *ahead, size_t i);
/* The thread has ended when this returns. */
void ahead_end(struct ahead **ahead);
