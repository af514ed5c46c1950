/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/door.h"

#include "base/fs.h"

#include <fcntl.h>
#include <sys/socket.h>

#define MINUTE_MS 60000

void door_open(struct door *door)
{
    *door = (struct door){0};
    origins_open(&door->origins);
    pthread_mutex_init(&door->lock, NULL);
    pthread_cond_init(&door->left, NULL);
}

struct origin *door_wait(struct door *door, const char *host, int64_t now_ms)
{
    struct origin *origin;

    pthread_mutex_lock(&door->lock);
    origin = origin_of(&door->origins, host, now_ms);
    origin->waiting++;
    pthread_mutex_unlock(&door->lock);
    return origin;
}

void door_turn_away(struct door *door, struct origin *origin)
{
    pthread_mutex_lock(&door->lock);
    origin->waiting--;
    pthread_mutex_unlock(&door->lock);
}

/* A granted peer calls from there, and not too many others. */
static bool is_known(struct origin *origin, int64_t now_ms)
{
    return origin_is_known(origin, now_ms) &&
           origin_lately(origin, now_ms) < KNOWN_LATELY_MAX;
}

static bool has_all_handshakes(const struct origin *origin)
{
    return origin->shaking >= HANDSHAKES_PER_ADDRESS;
}

static bool has_all_seats(const struct origin *origin)
{
    return origin->strangers >= STRANGERS_PER_ADDRESS;
}

/* Those who are known first, then whoever came in vain least often, then least often. Who
 * is inside has come in vain so far. */
static unsigned rank_of(struct origin *origin, int64_t now_ms)
{
    if (has_all_handshakes(origin) || has_all_seats(origin))
        return DOOR_NOT_NOW;
    if (is_known(origin, now_ms))
        return 0;
    return 1 + origin_lately(origin, now_ms) +
           VAIN_WEIGHT * (origin_in_vain(origin, now_ms) + origin->strangers);
}

unsigned door_rank(struct door *door, struct origin *origin, int64_t now_ms)
{
    unsigned rank;

    pthread_mutex_lock(&door->lock);
    rank = rank_of(origin, now_ms);
    pthread_mutex_unlock(&door->lock);
    return rank;
}

/* Busy is also whoever has just served: a migration goes and comes by itself. */
static int64_t pause_ms(const struct door *door, int64_t now_ms)
{
    const bool busy = door->granted > 0 || now_ms < door->busy_until_ms;

    return 1000 / (busy ? STRANGERS_PER_BUSY_SECOND : STRANGERS_PER_SECOND);
}

/* A second without any is saved up, no more. */
static void rate_pay(struct door *door, int64_t now_ms)
{
    const int64_t pause = pause_ms(door, now_ms), earliest = now_ms - 1000 + pause;

    door->paid_ms = (door->paid_ms < earliest ? earliest : door->paid_ms) + pause;
}

static bool is_worse(const struct seat *a, const struct seat *b)
{
    if (a->origin->strangers != b->origin->strangers)
        return a->origin->strangers > b->origin->strangers;
    return a->since_ms < b->since_ms;
}

static bool takes_too_long(const struct seat *seat, int64_t now_ms)
{
    return now_ms - seat->since_ms > STRANGER_SECONDS * 1000;
}

/* Of an address that is known several come at once, to show a grant: they have more time.
 */
static bool may_be_sent_away(const struct seat *seat, int64_t now_ms)
{
    return seat->taken && !seat->granted && !seat->leaving &&
           (takes_too_long(seat, now_ms) || (!is_known(seat->origin, now_ms) &&
                                             now_ms - seat->since_ms >= STRANGER_GRACE_MS));
}

/* Its thread finds the connection closed. */
static void send_away(struct seat *seat)
{
    seat->leaving = true;
    if (seat->socket >= 0)
        shutdown(seat->socket, SHUT_RDWR);
}

/* Somebody makes room for one from `origin`: its address has more than its share, or it has
 * done nothing for long. */
static void make_room(struct door *door, const struct origin *origin, bool only_shaking,
                      int64_t now_ms)
{
    struct seat *worst = NULL;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct seat *seat = &door->seat[i];

        if (may_be_sent_away(seat, now_ms) && (seat->shaking || !only_shaking) &&
            (worst == NULL || is_worse(seat, worst)))
            worst = seat;
    }
    if (worst == NULL || (worst->origin->strangers <= origin->strangers + 1 &&
                          !takes_too_long(worst, now_ms)))
        return;
    send_away(worst);
}

static bool is_in_the_way_of_its_own(const struct seat *seat)
{
    return seat->origin->whole > 0 && (has_all_seats(seat->origin) ||
                                       (seat->shaking && has_all_handshakes(seat->origin)));
}

void door_look(struct door *door, int64_t now_ms)
{
    pthread_mutex_lock(&door->lock);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct seat *seat = &door->seat[i];

        if (may_be_sent_away(seat, now_ms) && takes_too_long(seat, now_ms) &&
            is_in_the_way_of_its_own(seat))
            send_away(seat);
    }
    pthread_mutex_unlock(&door->lock);
}

static void seat_take(struct door *door, size_t seat, struct origin *origin, bool shaking,
                      int64_t now_ms)
{
    door->seat[seat] = (struct seat){.taken = true,
                                     .shaking = shaking,
                                     .socket = -1,
                                     .since_ms = now_ms,
                                     .origin = origin};
    origin_count(origin, now_ms);
    origin->strangers++;
    origin->shaking += shaking;
    door->strangers++;
    door->shaking += shaking;
    door->inside++;
}

static bool seat_find(const struct door *door, size_t *seat, struct error *err)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        *seat = i;
        if (!door->seat[i].taken)
            return true;
    }
    return fail(err, E_BUSY, "%d connections", CONNECTIONS_MAX);
}

/* Cheap questions first. The seats beyond STRANGERS_MAX are for addresses that are known.
 */
static bool may_enter(struct door *door, struct origin *origin, int64_t now_ms,
                      struct error *err)
{
    const unsigned rank = rank_of(origin, now_ms);

    if (rank == DOOR_NOT_NOW)
        return fail(err, E_BUSY, "%u connections without a grant from there",
                    origin->strangers);
    if (rank > 0 && door->paid_ms > now_ms)
        return fail(err, E_BUSY, "a stranger each %d ms", (int)pause_ms(door, now_ms));
    if (rank > 0 && (door->shaking >= HANDSHAKES_MAX || door->strangers >= STRANGERS_MAX)) {
        make_room(door, origin, door->shaking >= HANDSHAKES_MAX, now_ms);
        return fail(err, E_BUSY, "%zu handshakes, %zu connections without a grant",
                    door->shaking, door->strangers);
    }
    return true;
}

bool door_enter(struct door *door, struct origin *origin, int64_t now_ms, size_t *seat,
                struct error *err)
{
    bool good;

    pthread_mutex_lock(&door->lock);
    good = may_enter(door, origin, now_ms, err) && seat_find(door, seat, err);
    if (good) {
        if (rank_of(origin, now_ms) > 0)
            rate_pay(door, now_ms);
        origin->waiting--;
        seat_take(door, *seat, origin, true, now_ms);
    }
    pthread_mutex_unlock(&door->lock);
    return good;
}

bool door_return(struct door *door, const char *host, int64_t now_ms, size_t *seat,
                 struct error *err)
{
    bool good;

    pthread_mutex_lock(&door->lock);
    good = seat_find(door, seat, err);
    if (good)
        seat_take(door, *seat, origin_of(&door->origins, host, now_ms), false, now_ms);
    pthread_mutex_unlock(&door->lock);
    return good;
}

void door_seat_socket(struct door *door, size_t seat, int socket)
{
    pthread_mutex_lock(&door->lock);
    door->seat[seat].socket = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    pthread_mutex_unlock(&door->lock);
}

/* Under the lock. */
static void stop_shaking(struct door *door, struct seat *seat)
{
    door->shaking -= seat->shaking;
    seat->origin->shaking -= seat->shaking;
    seat->shaking = false;
}

void door_shaken(struct door *door, size_t seat, int64_t now_ms)
{
    pthread_mutex_lock(&door->lock);
    stop_shaking(door, &door->seat[seat]);
    door->seat[seat].since_ms = now_ms;
    pthread_mutex_unlock(&door->lock);
}

void door_paired(struct door *door, size_t seat)
{
    pthread_mutex_lock(&door->lock);
    door->seat[seat].paired = true;
    pthread_mutex_unlock(&door->lock);
}

void door_granted(struct door *door, size_t at, int64_t now_ms)
{
    struct seat *seat = &door->seat[at];

    pthread_mutex_lock(&door->lock);
    seat->granted = true;
    seat->since_ms = now_ms;
    origin_discount(seat->origin, now_ms);
    seat->origin->strangers--;
    seat->origin->granted++;
    door->strangers--;
    door->granted++;
    pthread_mutex_unlock(&door->lock);
}

void door_leave(struct door *door, size_t at, int64_t now_ms)
{
    struct seat *seat = &door->seat[at];

    pthread_mutex_lock(&door->lock);
    fd_close(&seat->socket);
    stop_shaking(door, seat);
    if (seat->granted) {
        seat->origin->known_until_ms = now_ms + KNOWN_SECONDS * 1000;
        door->busy_until_ms = now_ms + BUSY_SECONDS * 1000;
    } else if (!seat->paired) {
        origin_blame(seat->origin, now_ms);
    }
    seat->origin->granted -= seat->granted;
    seat->origin->strangers -= !seat->granted;
    door->granted -= seat->granted;
    door->strangers -= !seat->granted;
    door->inside--;
    *seat = (struct seat){.socket = -1};
    pthread_cond_signal(&door->left);
    pthread_mutex_unlock(&door->lock);
}

void door_count_failure(struct door *door, const char *host, int64_t now_ms)
{
    const int64_t minute = now_ms / MINUTE_MS;
    struct origin *origin;

    pthread_mutex_lock(&door->lock);
    origin = origin_of(&door->origins, host, now_ms);
    if (origin->minute != minute)
        origin->failures = 0;
    origin->minute = minute;
    origin->failures++;
    pthread_mutex_unlock(&door->lock);
}

bool door_is_shut_for(struct door *door, const char *host, int64_t now_ms)
{
    const struct origin *origin;
    bool shut;

    pthread_mutex_lock(&door->lock);
    origin = origin_of(&door->origins, host, now_ms);
    shut = origin->minute == now_ms / MINUTE_MS &&
           origin->failures >= CODE_FAILURES_PER_ADDRESS;
    pthread_mutex_unlock(&door->lock);
    return shut;
}

void door_close(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (door->seat[i].taken && door->seat[i].socket >= 0)
            shutdown(door->seat[i].socket, SHUT_RD);
    while (door->inside > 0)
        pthread_cond_wait(&door->left, &door->lock);
    pthread_mutex_unlock(&door->lock);
    pthread_cond_destroy(&door->left);
    pthread_mutex_destroy(&door->lock);
    origins_close(&door->origins);
}
