/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory of the test's own, mode 0700, removed with everything in it at the end. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct scratch {
    char path[PATH_MAX];
    int fd;
    bool made;
};

/* Below TMPDIR or /tmp; stops the program when it cannot be made. */
void scratch_make(struct scratch *out);
/* Write or read a whole file below it; `scratch_read` gives n bytes at most, terminated. */
void scratch_write(const struct scratch *scratch, const char *name, const char *text);
void scratch_read(char *out, size_t room, const struct scratch *scratch, const char *name);
bool scratch_has(const struct scratch *scratch, const char *name);
/* Run a shell command in it; true when it ends with status 0. Its output goes to `log`. */
bool scratch_shell(const struct scratch *scratch, const char *command);
void scratch_clear(struct scratch *scratch);
