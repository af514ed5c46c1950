/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/arrival.h"

void arrival_begin(struct arrival *out, struct buf *body)
{
    *out = (struct arrival){.body = body};
}

static void note_begin(struct arrival *arrival, int64_t now)
{
    if (arrival->begun == 0)
        arrival->begun = now;
}

bool arrival_head(struct arrival *arrival, size_t n, int64_t now, struct error *err)
{
    note_begin(arrival, now);
    if (n > ARRIVAL_HEAD_MAX - arrival->head_n)
        return fail(err, E_PUT_ANSWER, "more than %d bytes of headers", ARRIVAL_HEAD_MAX);
    arrival->head_n += n;
    return true;
}

bool arrival_body(struct arrival *arrival, struct span bytes, int64_t now,
                  struct error *err)
{
    note_begin(arrival, now);
    return buf_add(arrival->body, bytes, err);
}

bool arrival_in_time(const struct arrival *arrival, int64_t now, struct error *err)
{
    const int64_t most = ARRIVAL_SECONDS + (int64_t)(arrival->body->max / ARRIVAL_RATE_MIN);

    return arrival->begun == 0 || now - arrival->begun <= most ||
           fail(err, E_PUT_ANSWER, "no end after %lld seconds", (long long)most);
}
