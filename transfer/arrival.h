/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What comes back for one request, bounded: a target that means harm could send interim
 * answers, headers or a body without an end, or a byte now and then for ever.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

#define ARRIVAL_HEAD_MAX (16 * 1024) /* interim answers and all headers together */
#define ARRIVAL_RATE_MIN 4096        /* bytes a second that are waited for */
#define ARRIVAL_SECONDS 30           /* and beyond that */

struct arrival {
    struct buf *body; /* borrowed; its bound is the body's */
    size_t head_n;
    int64_t begun; /* steady seconds of the first byte; 0: nothing is there yet */
};

void arrival_begin(struct arrival *out, struct buf *body);
/* So many bytes of headers have come; `now` in steady seconds, not 0. */
must_check bool arrival_head(struct arrival *arrival, size_t n, int64_t now,
                             struct error *err);
must_check bool arrival_body(struct arrival *arrival, struct span bytes, int64_t now,
                             struct error *err);
/* E_PUT_ANSWER once it takes longer than the largest answer may. */
must_check bool arrival_in_time(const struct arrival *arrival, int64_t now,
                                struct error *err);
