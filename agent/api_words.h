/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parameters of a request become the words of a command, by the row of its route. No
 * value becomes an option: options are one word `--name=value`, operands stand behind "--".
 * Contents of files, and secrets, lie in memory behind a descriptor, never in a word.
 */
#pragma once

#include "agent/api_values.h"
#include "agent/args.h"

struct api_words {
    char *word[ARGS_MAX]; /* n of them, the command's name not among them; then NULL */
    size_t n;
    int file[API_VALUES_MAX]; /* descriptors, closed at exec; a forked child has them */
    size_t files;
};

/* `out` is empty before. */
must_check bool api_words_make(struct api_words *out, const struct api_route *route,
                               const struct api_value *value, size_t n, struct error *err);
void api_words_clear(struct api_words *words);
