/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a character reads to a person. For explanations only: nothing is accepted by it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The one or two code points that `code` reads as: composed letters taken apart, letters of
 * other scripts as the ASCII letter they look like, O as 0 and I as l, case gone. None for
 * what cannot be seen.
 */
size_t lookalike_read(unsigned out[2], unsigned code);
