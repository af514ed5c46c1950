/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/mark.h"

#include <sys/stat.h>

#define SETTLED_SECONDS 2

void marks_take(struct mark *out, int dir, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct stat st;

        out[i] = fstatat(dir, names[i], &st, 0) == 0
                     ? (struct mark){.inode = st.st_ino, .modified = st.st_mtim}
                     : (struct mark){0};
    }
}

bool marks_are_same(const struct mark *a, const struct mark *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].inode != b[i].inode || a[i].modified.tv_sec != b[i].modified.tv_sec ||
            a[i].modified.tv_nsec != b[i].modified.tv_nsec)
            return false;
    return true;
}

bool marks_are_settled(const struct mark *marks, size_t n, time_t now)
{
    for (size_t i = 0; i < n; i++)
        if (marks[i].inode != 0 && marks[i].modified.tv_sec + SETTLED_SECONDS > now)
            return false;
    return true;
}
