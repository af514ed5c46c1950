/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small files beside keys and chains: one "word value" a line, for people to read. */
#pragma once

#include "base/buf.h"

#include <time.h>

#define NOTES_MAX 4096

/* The last line has its end: they were not cut short. */
bool notes_are_whole(struct span notes);
/* The value of `word`; false (and "") when it is not there or does not fit. */
bool notes_get(char *out, size_t room, struct span notes, const char *word);
/* The same as a time or a number. */
bool notes_get_time(time_t *out, struct span notes, const char *word);
bool notes_get_number(unsigned *out, struct span notes, const char *word);
/* Append a line; control characters in the value do not get there. */
must_check bool notes_add(struct buf *out, const char *word, const char *value,
                          struct error *err);
must_check bool notes_add_time(struct buf *out, const char *word, time_t value,
                               struct error *err);
