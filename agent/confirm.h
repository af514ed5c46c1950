/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A typed confirmation: the operator repeats what is about to be changed. */
#pragma once

#include "base/error.h"

/*
 * Ask on standard error, read one line from standard input. It must be `word`, or at least
 * eight characters that `id` begins with. E_NOT_CONFIRMED for anything else and for the end
 * of the input.
 */
must_check bool confirm_typed(const char *question, const char *word, const char *id,
                              struct error *err);
