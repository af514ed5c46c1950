/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of the state database's schema, oldest first; a step is never edited once
 * released. */
#pragma once

#include <stddef.h>

extern const char *const schema_steps[];
extern const size_t schema_count;
