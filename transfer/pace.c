/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/pace.h"

#include <time.h>

#define SECOND 1000000000LL
#define BURST (SECOND / 4) /* what an idle bucket has saved up, as time */
#define PORTION_MIN 1024
#define PORTIONS_A_SECOND 16

static int64_t now(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

void pace_begin(struct pace *pace, uint64_t rate)
{
    *pace = (struct pace){.rate = rate, .due = now()};
    pthread_mutex_init(&pace->lock, NULL);
}

size_t pace_portion(const struct pace *pace, size_t wanted)
{
    const uint64_t portion = pace->rate / PORTIONS_A_SECOND;

    if (pace->rate == 0 || wanted <= PORTION_MIN || wanted <= portion)
        return wanted;
    return portion > PORTION_MIN ? (size_t)portion : PORTION_MIN;
}

void pace_take(struct pace *pace, size_t n)
{
    struct timespec until;
    int64_t due;
    int64_t present;

    if (pace->rate == 0)
        return;
    pthread_mutex_lock(&pace->lock);
    present = now();
    if (pace->due < present - BURST)
        pace->due = present - BURST;
    pace->due += (int64_t)((double)n / (double)pace->rate * (double)SECOND);
    due = pace->due;
    pthread_mutex_unlock(&pace->lock);
    until = (struct timespec){.tv_sec = (time_t)(due / SECOND), .tv_nsec = due % SECOND};
    if (due > present)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

void pace_end(struct pace *pace)
{
    pthread_mutex_destroy(&pace->lock);
}
