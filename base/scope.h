/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The few macros of this project. `scoped(x_clear)` before a declaration calls x_clear on
 * the variable when its scope ends, whichever way it ends.
 */
#pragma once

#define scoped(clear) __attribute__((cleanup(clear)))
#define must_check __attribute__((warn_unused_result))
#define printf_like(fmt, first) __attribute__((format(printf, fmt, first)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
