/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/parked.h"

#include "agent/peer.h"
#include "base/fs.h"
#include "base/text.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool parked_open(struct parked *out)
{
    *out = (struct parked){.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&out->lock, NULL);
    out->opened = true;
    return out->bell >= 0;
}

static bool has_room_for(const struct parked *parked, const struct peer *peer)
{
    size_t of_host = 0;

    for (size_t i = 0; i < parked->n; i++)
        of_host += text_equal(parked->place[i].peer->host, peer->host);
    return parked->n < PARKED_MAX && of_host < PARKED_PER_ADDRESS;
}

bool parked_leave(struct parked *parked, struct peer *peer, int64_t now_ms)
{
    const uint64_t one = 1;
    bool good;

    pthread_mutex_lock(&parked->lock);
    good = has_room_for(parked, peer);
    if (good)
        parked->place[parked->n++] = (struct parked_place){
            .peer = peer,
            .since_ms = now_ms,
            .patience_ms = (peer->waits ? PARKED_SECONDS : TYPING_SECONDS) * 1000};
    pthread_mutex_unlock(&parked->lock);
    if (good)
        (void)!write(parked->bell, &one, sizeof(one));
    return good;
}

size_t parked_wait(struct parked *parked, struct pollfd *wait)
{
    size_t n;

    pthread_mutex_lock(&parked->lock);
    n = parked->n;
    for (size_t i = 0; i < n; i++)
        wait[1 + i] =
            (struct pollfd){.fd = parked->place[i].peer->tls.fd, .events = POLLIN};
    pthread_mutex_unlock(&parked->lock);
    wait[0] = (struct pollfd){.fd = parked->bell, .events = POLLIN};
    return n + 1;
}

static struct peer *take(struct parked *parked, size_t i)
{
    struct peer *peer = parked->place[i].peer;

    memmove(&parked->place[i], &parked->place[i + 1],
            (parked->n - i - 1) * sizeof(*parked->place));
    parked->n--;
    return peer;
}

static bool has_ended(const struct parked_place *place, int64_t now_ms)
{
    return now_ms - place->since_ms > place->patience_ms;
}

/* From the last to the first, so that the places before it stay where they were polled. */
struct peer *parked_take(struct parked *parked, const struct pollfd *wait, size_t *left,
                         int64_t now_ms, bool *over)
{
    struct peer *peer = NULL;

    pthread_mutex_lock(&parked->lock);
    while (peer == NULL && *left > 1) {
        const size_t i = --*left - 1;

        *over = wait[1 + i].revents == 0;
        if (!*over || has_ended(&parked->place[i], now_ms))
            peer = take(parked, i);
    }
    pthread_mutex_unlock(&parked->lock);
    return peer;
}

void parked_hush(struct parked *parked)
{
    uint64_t rung;

    (void)!read(parked->bell, &rung, sizeof(rung));
}

struct peer *parked_any(struct parked *parked)
{
    struct peer *peer;

    pthread_mutex_lock(&parked->lock);
    peer = parked->n > 0 ? take(parked, parked->n - 1) : NULL;
    pthread_mutex_unlock(&parked->lock);
    return peer;
}

void parked_close(struct parked *parked)
{
    if (!parked->opened)
        return;
    fd_close(&parked->bell);
    pthread_mutex_destroy(&parked->lock);
    parked->opened = false;
}
