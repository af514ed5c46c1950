/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names in one directory, sorted by their bytes. */
#pragma once

#include "base/error.h"

struct names {
    char *bytes; /* all of them, each with its NUL */
    size_t bytes_n;
    size_t bytes_room;
    const char **at; /* n of them, into bytes */
    size_t n;
};

/* Those of an open directory, without "." and "..". */
must_check bool names_read(struct names *out, int dir, const char *what, struct error *err);
void names_clear(struct names *names);
