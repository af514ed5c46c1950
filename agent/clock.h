/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wall clock, which only agent/ reads; and one that nobody sets. */
#pragma once

#include <stdint.h>
#include <time.h>

int64_t clock_ms(void); /* milliseconds since 1970 */
time_t clock_now(void);
int64_t clock_steady_ms(void); /* for intervals */
