/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pipe.h"

#include "agent/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define NO_END INT64_MAX

void pipe_lose_patience(int socket, unsigned seconds)
{
    const struct timeval patience = {.tv_sec = seconds};

    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* By the steady clock, when the patience of the socket is over. The option alone would
 * start it anew with every byte. */
static int64_t patience_end(int socket, int option)
{
    struct timeval patience = {0};
    socklen_t n = sizeof(patience);

    if (getsockopt(socket, SOL_SOCKET, option, &patience, &n) != 0 || patience.tv_sec == 0)
        return NO_END;
    return clock_steady_ms() + patience.tv_sec * INT64_C(1000);
}

/* Until there may be something to be done. False with errno when the time is over. */
static bool await(int socket, short what, int64_t end)
{
    struct pollfd wait = {.fd = socket, .events = what};
    int64_t left;

    if (end == NO_END)
        return true;
    left = end - clock_steady_ms();
    if (left > 0)
        return poll(&wait, 1, (int)left) >= 0 || errno == EINTR;
    errno = ETIMEDOUT;
    return false;
}

/* Nothing has been done, and it may be tried again. */
static bool is_early(ssize_t n, int64_t end)
{
    return n < 0 && (errno == EINTR || (errno == EAGAIN && end != NO_END));
}

static int flags_until(int64_t end)
{
    return end == NO_END ? 0 : MSG_DONTWAIT;
}

static bool send_all(int socket, struct span bytes, int64_t end, struct error *err)
{
    while (bytes.n > 0) {
        ssize_t n;

        if (!await(socket, POLLOUT, end))
            return fail_errno(err, E_SUPERVISOR, "sending");
        n = send(socket, bytes.at, bytes.n, MSG_NOSIGNAL | flags_until(end));
        if (is_early(n, end))
            continue;
        if (n <= 0)
            return fail_errno(err, E_SUPERVISOR, "sending");
        bytes = span_after(bytes, (size_t)n);
    }
    return true;
}

bool pipe_send(int socket, struct span fixed, struct span first, struct span second,
               struct error *err)
{
    const int64_t end = patience_end(socket, SO_SNDTIMEO);

    return send_all(socket, fixed, end, err) && send_all(socket, first, end, err) &&
           send_all(socket, second, end, err);
}

bool pipe_receive(int socket, void *out, size_t n, bool *end, struct error *err)
{
    const int64_t until = patience_end(socket, SO_RCVTIMEO);
    unsigned char *at = out;
    size_t have = 0;

    *end = false;
    while (have < n) {
        ssize_t got;

        if (!await(socket, POLLIN, until))
            return fail_errno(err, E_SUPERVISOR, "receiving");
        got = recv(socket, at + have, n - have, flags_until(until));
        if (is_early(got, until))
            continue;
        if (got < 0)
            return fail_errno(err, E_SUPERVISOR, "receiving");
        if (got == 0) {
            *end = have == 0;
            return *end || fail(err, E_SUPERVISOR, "it ended in the middle of a message");
        }
        have += (size_t)got;
    }
    return true;
}

bool pipe_receive_bytes(int socket, struct buf *out, size_t n, struct error *err)
{
    bool end = false;

    if (n == 0)
        return true;
    if (!buf_reserve(out, n, err) || !pipe_receive(socket, out->at + out->n, n, &end, err))
        return false;
    if (end)
        return fail(err, E_SUPERVISOR, "it ended in the middle of a message");
    out->n += n;
    return true;
}

bool pipe_is_bool(const bool *received)
{
    unsigned char byte;

    memcpy(&byte, received, sizeof(byte));
    return byte <= 1;
}
