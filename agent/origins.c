/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/origins.h"

#include "base/mem.h"
#include "base/text.h"

void origins_open(struct origins *out)
{
    *out = (struct origins){.at = mem_zeroed(ORIGINS_MAX, sizeof(*out->at))};
}

void origins_close(struct origins *origins)
{
    mem_free(origins->at);
    *origins = (struct origins){0};
}

static bool is_idle(const struct origin *origin)
{
    return origin->waiting + origin->strangers + origin->granted == 0;
}

/* Which of two idle ones is sooner forgotten. */
static bool is_staler(const struct origin *a, const struct origin *b, int64_t now_ms)
{
    const bool known = origin_is_known(a, now_ms);

    if (known != origin_is_known(b, now_ms))
        return !known;
    return a->halved_ms < b->halved_ms;
}

static struct origin *origin_replace(struct origins *origins, int64_t now_ms)
{
    struct origin *stalest = NULL;

    if (origins->n < ORIGINS_MAX)
        return &origins->at[origins->n++];
    for (size_t i = 0; i < origins->n; i++)
        if (is_idle(&origins->at[i]) &&
            (stalest == NULL || is_staler(&origins->at[i], stalest, now_ms)))
            stalest = &origins->at[i];
    return stalest; /* there is one: more places than may be here at once */
}

struct origin *origin_of(struct origins *origins, const char *host, int64_t now_ms)
{
    struct origin *origin;

    for (size_t i = 0; i < origins->n; i++)
        if (text_equal(origins->at[i].host, host))
            return &origins->at[i];
    origin = origin_replace(origins, now_ms);
    *origin = (struct origin){.halved_ms = now_ms};
    (void)text_fits(origin->host, host);
    return origin;
}

bool origin_is_known(const struct origin *origin, int64_t now_ms)
{
    return origin->granted > 0 || now_ms < origin->known_until_ms;
}

unsigned origin_lately(struct origin *origin, int64_t now_ms)
{
    const int64_t halves = (now_ms - origin->halved_ms) / LATELY_HALVES_MS;

    if (halves > 0) {
        origin->lately = halves < 32 ? origin->lately >> halves : 0;
        origin->halved_ms += halves * LATELY_HALVES_MS;
    }
    return origin->lately;
}

void origin_count(struct origin *origin, int64_t now_ms)
{
    origin->lately = origin_lately(origin, now_ms) + 1;
}
