/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/clock.h"

static int64_t read_ms(clockid_t which)
{
    struct timespec now;

    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t clock_steady_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

time_t clock_now(void)
{
    return (time_t)(clock_ms() / 1000);
}
