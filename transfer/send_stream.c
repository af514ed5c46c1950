/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Streams in flight: each thread has a connection and one segment of its own, and takes the
 * next missing number from a supply that all share. The first one has the line, which is
 * there; the others take none before they are let in, so that nothing waits for them.
 */
#include "transfer/segment.h"
#include "transfer/send_parts.h"
#include "transfer/wire_json.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* What is still to be sent; ranges are asked for page by page. */
struct supply {
    pthread_mutex_t lock;
    struct send *send;
    const struct grant *grant;
    struct ranges ranges;
    size_t at;        /* the range whose turn it is */
    uint64_t next;    /* its next segment */
    struct put *line; /* until a stream has taken it */
    struct error err; /* the first failure; it ends all streams */
    atomic_bool failed;
    atomic_bool over; /* nothing is left to be taken, or it has failed */
};

static void supply_end(struct supply *supply)
{
    ranges_clear(&supply->ranges);
    pthread_mutex_destroy(&supply->lock);
}

static bool ask_missing(struct supply *supply, struct put *put, uint64_t from,
                        struct error *err)
{
    scoped(reply_clear) struct reply reply = reply_none();
    char below[80];
    const struct question question = {.method = "GET", .below = below};

    snprintf(below, sizeof(below), "/generations/%u/missing?from=%llu",
             supply->send->manifest.generation, (unsigned long long)from);
    ranges_clear(&supply->ranges);
    supply->at = 0;
    if (!ask(supply->send, put, &question, &reply, err) ||
        !wire_read_ranges(&supply->ranges, buf_span(&reply.body), err))
        return false;
    if (supply->ranges.n > 0)
        supply->next = supply->ranges.item[0].first;
    return true;
}

/* True with a number; false when there is none left, or with err set. */
static bool take_locked(struct supply *supply, struct put *put, uint64_t *out,
                        struct error *err)
{
    if (atomic_load(&supply->failed))
        return false;
    if (supply->at == supply->ranges.n &&
        (!supply->ranges.more || !ask_missing(supply, put, supply->ranges.next, err) ||
         supply->ranges.n == 0)) {
        atomic_store(&supply->over, true);
        return false;
    }
    *out = supply->next;
    if (supply->next++ == supply->ranges.item[supply->at].last &&
        ++supply->at < supply->ranges.n)
        supply->next = supply->ranges.item[supply->at].first;
    return true;
}

static bool take(struct supply *supply, struct put *put, uint64_t *out, struct error *err)
{
    bool taken;

    pthread_mutex_lock(&supply->lock);
    taken = take_locked(supply, put, out, err);
    pthread_mutex_unlock(&supply->lock);
    return taken;
}

static void give_up(struct supply *supply, const struct error *err)
{
    pthread_mutex_lock(&supply->lock);
    if (supply->err.msg == E_NONE)
        supply->err = *err;
    atomic_store(&supply->failed, true);
    atomic_store(&supply->over, true);
    pthread_mutex_unlock(&supply->lock);
}

/* What one stream has of its own. */
struct courier {
    struct send *send;
    struct put *put; /* the line, or its own */
    struct put own;
    struct segment segment;
    struct compressor compressor;
};

static void courier_clear(struct courier *courier)
{
    compressor_clear(&courier->compressor);
    segment_clear(&courier->segment);
    put_close(&courier->own);
}

static int64_t now(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* The segment as it is, or smaller. */
static void lay_body(struct courier *courier, struct question *question)
{
    const struct span plain = span_of(courier->segment.at, courier->segment.n);
    const struct span packed = compress_segment(&courier->compressor, plain);

    question->body = packed.n > 0 ? packed : plain;
    question->plain = packed.n > 0 ? plain.n : 0;
}

static bool put_segment(struct courier *courier, struct error *err)
{
    scoped(reply_clear) struct reply reply = reply_none();
    struct send *send = courier->send;
    struct segment *segment = &courier->segment;
    char below[80];
    struct question question = {.method = "PUT",
                                .below = below,
                                .kind = BODY_BYTES,
                                .digest = &segment->digest,
                                .passing = &send->progress.passing};
    int64_t begun;

    lay_body(courier, &question);
    begun = now();
    snprintf(below, sizeof(below), "/generations/%u/%s/%llu", send->manifest.generation,
             send->nowhere ? "nowhere" : "segments", (unsigned long long)segment->number);
    if (!ask(send, courier->put, &question, &reply, err))
        return false;
    if (!reply.repeated) /* what was waited for between two tries is not the link's */
        compress_learn(&courier->compressor, question.body.n, now() - begun);
    return true;
}

static bool send_segment(struct courier *courier, uint64_t number, struct error *err)
{
    struct send *send = courier->send;
    struct segment *segment = &courier->segment;
    bool taken = false;

    if (!segment_read(segment, &send->manifest, send->root, number, err) ||
        (send->offers && !send_offer(send, courier->put, segment, &taken, err)) ||
        (!taken && !put_segment(courier, err)) ||
        !digests_put(&send->digests, number, &segment->digest, err))
        return false;
    atomic_fetch_add(&send->progress.bytes, segment->n);
    atomic_fetch_add(&send->progress.segments, 1);
    atomic_fetch_add(&send->progress.files, segment->files);
    return true;
}

static struct put *take_line(struct supply *supply)
{
    struct put *line;

    pthread_mutex_lock(&supply->lock);
    line = supply->line;
    supply->line = NULL;
    pthread_mutex_unlock(&supply->lock);
    return line;
}

/* A connection of its own, for as long as there is something to be taken. */
static bool is_let_in(struct courier *courier, struct supply *supply, struct error *err)
{
    struct route route = supply->send->route;
    struct send_status status;

    courier->put = &courier->own;
    route.halt = &supply->over;
    return !atomic_load(&supply->over) &&
           put_open(courier->put, supply->grant, &route, err) &&
           ask_status(supply->send, courier->put, &status, err);
}

static bool courier_begin(struct courier *courier, struct supply *supply, struct error *err)
{
    struct route route = supply->send->route;
    struct error unheard = {0};

    courier->put = take_line(supply);
    if (courier->put == NULL && !is_let_in(courier, supply, &unheard)) {
        if (!atomic_load(&supply->over))
            *err = unheard;
        return false;
    }
    route.halt = &supply->failed;
    put_reroute(courier->put, supply->grant, &route);
    return true;
}

static void *stream(void *at)
{
    struct supply *supply = at;
    scoped(courier_clear) struct courier courier = {.send = supply->send};
    struct error err = {0};
    uint64_t number;

    courier.compressor.how = supply->send->compress;
    courier.compressor.streams = supply->send->streams;
    segment_make(&courier.segment);
    courier.segment.changed = &supply->send->changed;
    if (courier_begin(&courier, supply, &err))
        while (take(supply, courier.put, &number, &err) &&
               send_segment(&courier, number, &err))
            continue;
    if (err.msg != E_NONE)
        give_up(supply, &err);
    return NULL;
}

/* That are missing, at most. */
static uint64_t segments_of(const struct supply *supply)
{
    uint64_t segments = 0;

    for (size_t i = 0; i < supply->ranges.n; i++)
        segments += supply->ranges.item[i].last - supply->ranges.item[i].first + 1;
    return supply->ranges.more ? supply->send->manifest.sum.segments : segments;
}

/* Plain bytes of those; exact when all or nothing is missing. */
static uint64_t bytes_of(const struct supply *supply)
{
    const struct manifest_sum *sum = &supply->send->manifest.sum;
    const uint64_t carried = supply->send->manifest.layout.carried;
    const uint64_t segments = segments_of(supply);

    return sum->segments == 0
               ? 0
               : (uint64_t)((double)carried * (double)segments / (double)sum->segments);
}

static bool run_streams(struct supply *supply, struct error *err)
{
    pthread_t thread[STREAMS_MAX];
    unsigned wanted = supply->send->streams;
    unsigned n = 0;

    if (wanted < 1 || wanted > STREAMS_MAX)
        wanted = wanted < 1 ? 1 : STREAMS_MAX;
    if (wanted > segments_of(supply))
        wanted = (unsigned)segments_of(supply);
    while (n < wanted && pthread_create(&thread[n], NULL, stream, supply) == 0)
        n++;
    for (unsigned i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
    put_reroute(supply->send->line, supply->grant, &supply->send->route); /* no halt */
    if (n == 0)
        return fail(err, E_PUT_SETUP, "no thread");
    if (supply->err.msg != E_NONE)
        *err = supply->err;
    return supply->err.msg == E_NONE;
}

bool send_segments(const struct grant *grant, struct send *send, struct error *err)
{
    scoped(supply_end) struct supply supply = {.send = send, .grant = grant};

    supply.line = send_line(send, grant, err);
    pthread_mutex_init(&supply.lock, NULL);
    if (supply.line == NULL || !ask_missing(&supply, supply.line, 0, err))
        return false;
    atomic_store(&send->progress.bytes_total, bytes_of(&supply));
    return supply.ranges.n == 0 || run_streams(&supply, err);
}
