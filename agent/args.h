/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of a command line: `--name value`, `--name=value`, switches and operands, in
 * any order; "--" ends the options. What nobody took is a usage error, told by args_end.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

#define ARGS_MAX 256

struct args {
    const char *word[ARGS_MAX]; /* NULL once taken */
    size_t n;
};

must_check bool args_read(struct args *out, int argc, char **argv, struct error *err);
/* A switch: true when given (each occurrence is taken). */
bool args_flag(struct args *args, const char *name);
/* A valued option: *out stays as it is when it was not given. Twice is a usage error. */
must_check bool args_value(struct args *args, const char *name, const char **out,
                           struct error *err);
/* A repeatable option: one value a call, in the order given; false when there is none left.
 */
bool args_next_value(struct args *args, const char *name, const char **out,
                     struct error *err);
/* The next operand, or NULL. Take all options first: what is left starting with - is wrong.
 */
const char *args_operand(struct args *args);
/* The next operand, which must be there; `what` names it. */
must_check bool args_need(struct args *args, const char *what, const char **out,
                          struct error *err);
/* Everything must have been taken. */
must_check bool args_end(const struct args *args, struct error *err);
