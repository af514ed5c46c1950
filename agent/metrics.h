/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What monitoring asks for, in Prometheus' text format 0.0.4: days left of each
 * certificate, pairings by outcome and by the rules that were broken, migrations and their
 * bytes, refusals. Counters come from the record, which only grows: each record is counted
 * once, so asking often costs little.
 */
#pragma once

#include "base/buf.h"
#include "base/db.h"
#include "base/error.h"

#include <time.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_BYTES_MAX (256 * 1024)
#define METRICS_COUNTERS 5
#define METRICS_SERIES_MAX 96 /* of one counter; what comes later is counted as "other" */
#define METRICS_LABEL_MAX 64

/* One line of a counter: the values of its labels, and how often. */
struct metrics_series {
    char value[2][METRICS_LABEL_MAX];
    int64_t n;
};

/* What has been counted so far; valid when zeroed, on the heap of whoever keeps it. */
struct metrics {
    int64_t seq; /* of the last record that is counted */
    struct {
        struct metrics_series series[METRICS_SERIES_MAX];
        size_t n;
    } counter[METRICS_COUNTERS];
};

/* Count what is new in the record, then append every metric to `out`. `state`: the state
 * directory, whose current identity is looked at. */
must_check bool metrics_write(struct buf *out, struct metrics *metrics, struct db *db,
                              int state, time_t now, struct error *err);

struct api_visit;
/* The answer of its route. */
bool metrics_answer(struct api_visit *visit, struct error *err);
