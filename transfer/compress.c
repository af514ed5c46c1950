/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/compress.h"

#include "base/mem.h"
#include "base/text.h"
#include "transfer/manifest.h"

#include <time.h>
#include <zstd.h>

#define LEVEL 1
#define SAMPLES 4
#define SAMPLE_BYTES ((size_t)16 << 10)
#define SPEED_ASSUMED 400e6 /* of level 1 on one core, until it was measured */
#define MARGIN 1.1          /* by how much it must pay */
#define DOUBTS_MAX 6        /* then every 64th segment is looked at */
#define WORTH(n) ((n) - (n) / 16)

static const char *const names[] = {"auto", "never", "always"};

const char *compress_name(enum compress how)
{
    return names[how];
}

bool compress_named(enum compress *out, const char *name)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        *out = (enum compress)i;
        if (text_equal(names[i], name))
            return true;
    }
    return false;
}

/* Time of this thread: what it waits for is no work. */
static double seconds_worked(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void average(double *mean, double seen)
{
    *mean = *mean > 0 ? (3 * *mean + seen) / 4 : seen;
}

static bool make_ready(struct compressor *c)
{
    if (c->context == NULL)
        c->context = ZSTD_createCCtx();
    if (c->room == NULL)
        c->room = mem_zeroed(SEGMENT_BYTES, 1);
    return c->context != NULL;
}

/* How long it becomes; `room` bytes or more when that would be longer. */
static size_t squeeze(struct compressor *c, struct span plain, size_t room)
{
    const double begun = seconds_worked();
    const size_t n = ZSTD_compressCCtx(c->context, c->room, room, plain.at, plain.n, LEVEL);
    const double took = seconds_worked() - begun;

    if (took > 0)
        average(&c->speed, (double)plain.n / took);
    return ZSTD_isError(n) ? room : n;
}

/* The part of its length to which a segment would shrink, by some slices of it. */
static double sample(struct compressor *c, struct span plain)
{
    const size_t n = plain.n / SAMPLES < SAMPLE_BYTES ? plain.n / SAMPLES : SAMPLE_BYTES;
    size_t sum = 0;

    if (n == 0)
        return 1;
    for (size_t i = 0; i < SAMPLES; i++)
        sum += squeeze(c, span_of(plain.at + plain.n / SAMPLES * i, n), n);
    return (double)sum / (double)(SAMPLES * n);
}

/* One processor must shrink the bytes faster than all streams together could send what is
 * saved. On a link that is faster than any compression nothing is looked at. */
static bool pays(struct compressor *c, struct span plain)
{
    const double link = c->link * c->streams * MARGIN;

    if (c->link <= 0 || link >= (c->speed > 0 ? c->speed : SPEED_ASSUMED))
        return false;
    if (c->skip > 0) {
        c->skip--;
        return false;
    }
    if (link < (1 - sample(c, plain)) * c->speed) {
        c->doubts = 0;
        return true;
    }
    c->doubts += c->doubts < DOUBTS_MAX;
    c->skip = (1U << c->doubts) - 1;
    return false;
}

struct span compress_segment(struct compressor *compressor, struct span plain)
{
    const size_t room = WORTH(plain.n);
    size_t n;

    if (compressor->how == COMPRESS_NEVER || plain.n > SEGMENT_BYTES ||
        !make_ready(compressor) ||
        (compressor->how == COMPRESS_AUTO && !pays(compressor, plain)))
        return (struct span){0};
    n = squeeze(compressor, plain, room);
    return n < room ? span_of(compressor->room, n) : (struct span){0};
}

void compress_learn(struct compressor *compressor, size_t wire, int64_t took)
{
    if (took > 0)
        average(&compressor->link, (double)wire / (double)took * 1e9);
}

void compressor_clear(struct compressor *compressor)
{
    ZSTD_freeCCtx(compressor->context);
    mem_free(compressor->room);
    *compressor = (struct compressor){0};
}

bool expand_segment(struct expander *expander, struct span packed, size_t length,
                    struct span *plain, struct error *err)
{
    size_t n;

    if (length > SEGMENT_BYTES)
        return fail(err, E_SEGMENT_PACKED, "%zu bytes announced", length);
    if (expander->at == NULL)
        expander->at = mem_aligned(SEGMENT_BYTES);
    if (expander->context == NULL)
        expander->context = ZSTD_createDCtx();
    if (expander->context == NULL)
        mem_stop();
    n = ZSTD_decompressDCtx(expander->context, expander->at, length, packed.at, packed.n);
    if (ZSTD_isError(n) || n != length)
        return fail(err, E_SEGMENT_PACKED, "%s",
                    ZSTD_isError(n) ? ZSTD_getErrorName(n) : "shorter than announced");
    *plain = span_of(expander->at, n);
    return true;
}

void expander_clear(struct expander *expander)
{
    ZSTD_freeDCtx(expander->context);
    mem_free(expander->at);
    *expander = (struct expander){0};
}
