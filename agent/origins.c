/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/origins.h"

#include "base/mem.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

#define ONCE 256 /* of what came of late */
#define FADES 24

void origin_show(char out[ORIGIN_HOST_MAX], const char *host)
{
    char plain[ORIGIN_HOST_MAX] = "";
    struct in6_addr six;

    (void)text_copy_span(plain, sizeof(plain), span_of(host, strcspn(host, "%")));
    if (inet_pton(AF_INET6, plain, &six) != 1 || IN6_IS_ADDR_V4MAPPED(&six) ||
        IN6_IS_ADDR_LOOPBACK(&six)) {
        if (out != host)
            (void)text_copy(out, ORIGIN_HOST_MAX, host);
        return;
    }
    memset(&six.s6_addr[8], 0, 8);
    inet_ntop(AF_INET6, &six, out, INET6_ADDRSTRLEN);
    (void)text_copy(out + strlen(out), ORIGIN_HOST_MAX - strlen(out), "/64");
}

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
    return a->faded_ms < b->faded_ms;
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
    *origin = (struct origin){.faded_ms = now_ms};
    (void)text_fits(origin->host, host);
    return origin;
}

bool origin_is_known(const struct origin *origin, int64_t now_ms)
{
    return origin->granted > 0 || now_ms < origin->known_until_ms;
}

static unsigned fewer(unsigned parts)
{
    return parts - parts / FADES;
}

/* In small steps: an address whose count fell by half at once would go before one that came
 * as often. */
static void fade(struct origin *origin, int64_t now_ms)
{
    const int64_t steps = (now_ms - origin->faded_ms) / LATELY_STEP_MS;

    for (int64_t i = 0; i < steps && (origin->entered >= FADES || origin->in_vain >= FADES);
         i++) {
        origin->entered = fewer(origin->entered);
        origin->in_vain = fewer(origin->in_vain);
    }
    if (steps > 0)
        origin->faded_ms += steps * LATELY_STEP_MS;
}

static unsigned whole(unsigned parts)
{
    return (parts + ONCE / 2) / ONCE;
}

unsigned origin_lately(struct origin *origin, int64_t now_ms)
{
    fade(origin, now_ms);
    return whole(origin->entered);
}

unsigned origin_in_vain(struct origin *origin, int64_t now_ms)
{
    fade(origin, now_ms);
    return whole(origin->in_vain);
}

void origin_count(struct origin *origin, int64_t now_ms)
{
    fade(origin, now_ms);
    origin->entered += ONCE;
}

void origin_discount(struct origin *origin, int64_t now_ms)
{
    fade(origin, now_ms);
    origin->entered -= origin->entered < ONCE ? origin->entered : ONCE;
}

void origin_blame(struct origin *origin, int64_t now_ms)
{
    fade(origin, now_ms);
    origin->in_vain += ONCE;
}
