/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether files below the state directory have changed since somebody looked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* What replacing a file changes of the directory it is in. All 0: it is not there. */
struct mark {
    ino_t inode;
    struct timespec modified;
};

/* Of each of these n names, relative to `dir`. */
void marks_take(struct mark *out, int dir, const char *const *names, size_t n);
bool marks_are_same(const struct mark *a, const struct mark *b, size_t n);
/* The last change is so long ago that one more would show: times of files are coarse. */
bool marks_are_settled(const struct mark *marks, size_t n, time_t now);
