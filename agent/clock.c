/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/clock.h"

int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

time_t clock_now(void)
{
    return (time_t)(clock_ms() / 1000);
}
