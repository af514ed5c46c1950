/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/door.h"

#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/socket.h>

void door_open(struct door *door)
{
    *door = (struct door){0};
    pthread_mutex_init(&door->lock, NULL);
    pthread_cond_init(&door->left, NULL);
}

static bool seat_find(const struct door *door, const char *host, bool will_shake,
                      size_t *seat, struct error *err)
{
    size_t shaking = 0, of_host = 0;

    *seat = CONNECTIONS_MAX;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (!door->seat[i].taken) {
            *seat = i;
            continue;
        }
        shaking += door->seat[i].shaking;
        of_host += door->seat[i].shaking && text_equal(door->seat[i].host, host);
    }
    if (*seat == CONNECTIONS_MAX)
        return fail(err, E_BUSY, "%d connections", CONNECTIONS_MAX);
    if (!will_shake)
        return true;
    if (shaking >= HANDSHAKES_MAX || of_host >= HANDSHAKES_PER_ADDRESS)
        return fail(err, E_BUSY, "%zu handshakes under way, %zu from there", shaking,
                    of_host);
    return true;
}

static bool seat_take(struct door *door, const char *host, bool shaking, size_t *seat,
                      struct error *err)
{
    bool good;

    pthread_mutex_lock(&door->lock);
    good = seat_find(door, host, shaking, seat, err);
    if (good) {
        door->seat[*seat].taken = true;
        door->seat[*seat].shaking = shaking;
        door->seat[*seat].socket = -1;
        (void)text_fits(door->seat[*seat].host, host);
        door->inside++;
    }
    pthread_mutex_unlock(&door->lock);
    return good;
}

bool door_enter(struct door *door, const char *host, size_t *seat, struct error *err)
{
    return seat_take(door, host, true, seat, err);
}

bool door_return(struct door *door, const char *host, size_t *seat, struct error *err)
{
    return seat_take(door, host, false, seat, err);
}

void door_seat_socket(struct door *door, size_t seat, int socket)
{
    pthread_mutex_lock(&door->lock);
    door->seat[seat].socket = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    pthread_mutex_unlock(&door->lock);
}

void door_shaken(struct door *door, size_t seat)
{
    pthread_mutex_lock(&door->lock);
    door->seat[seat].shaking = false;
    pthread_mutex_unlock(&door->lock);
}

void door_leave(struct door *door, size_t seat)
{
    pthread_mutex_lock(&door->lock);
    fd_close(&door->seat[seat].socket);
    door->seat[seat].taken = door->seat[seat].shaking = false;
    door->inside--;
    pthread_cond_signal(&door->left);
    pthread_mutex_unlock(&door->lock);
}

/* The place of this address, else the one that was quiet longest. */
static size_t suspect_of(const struct door *door, const char *host)
{
    size_t oldest = 0;

    for (size_t i = 0; i < DOOR_SUSPECTS_MAX; i++) {
        if (text_equal(door->suspect[i].host, host))
            return i;
        if (door->suspect[i].minute < door->suspect[oldest].minute)
            oldest = i;
    }
    return oldest;
}

void door_count_failure(struct door *door, const char *host, int64_t now)
{
    size_t i;

    pthread_mutex_lock(&door->lock);
    i = suspect_of(door, host);
    if (!text_equal(door->suspect[i].host, host) || door->suspect[i].minute != now / 60) {
        (void)text_fits(door->suspect[i].host, host);
        door->suspect[i].minute = now / 60;
        door->suspect[i].failures = 0;
    }
    door->suspect[i].failures++;
    pthread_mutex_unlock(&door->lock);
}

bool door_is_shut_for(struct door *door, const char *host, int64_t now)
{
    size_t i;
    bool shut;

    pthread_mutex_lock(&door->lock);
    i = suspect_of(door, host);
    shut = text_equal(door->suspect[i].host, host) && door->suspect[i].minute == now / 60 &&
           door->suspect[i].failures >= CODE_FAILURES_PER_ADDRESS;
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
}
