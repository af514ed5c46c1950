/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A token bucket that all streams share: at most `rate` bytes a second together. */
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct pace {
    pthread_mutex_t lock;
    uint64_t rate; /* bytes a second; 0: no limit */
    int64_t due;   /* CLOCK_MONOTONIC nanoseconds when the bucket is level again */
};

void pace_begin(struct pace *pace, uint64_t rate);
/* How much to send in one go so that no wait is long. */
size_t pace_portion(const struct pace *pace, size_t wanted);
/* Wait until `n` more bytes may go. */
void pace_take(struct pace *pace, size_t n);
void pace_end(struct pace *pace);
