/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pipe.h"

#include <errno.h>
#include <sys/socket.h>

static bool send_all(int socket, struct span bytes, struct error *err)
{
    while (bytes.n > 0) {
        ssize_t n = send(socket, bytes.at, bytes.n, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
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
    return send_all(socket, fixed, err) && send_all(socket, first, err) &&
           send_all(socket, second, err);
}

bool pipe_receive(int socket, void *out, size_t n, bool *end, struct error *err)
{
    unsigned char *at = out;
    size_t have = 0;

    *end = false;
    while (have < n) {
        ssize_t got = recv(socket, at + have, n - have, 0);

        if (got < 0 && errno == EINTR)
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
