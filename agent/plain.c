/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/plain.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

static bool wait_for(int socket, short events, int seconds, struct error *err)
{
    struct pollfd wait = {.fd = socket, .events = events};
    int n;

    do
        n = poll(&wait, 1, seconds * 1000);
    while (n < 0 && errno == EINTR);
    return n > 0 || fail(err, E_TLS_SILENT, "on the local socket");
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

bool plain_read(int socket, void *out, size_t room, size_t *got, int seconds,
                struct error *err)
{
    for (;;) {
        const ssize_t n = recv(socket, out, room, 0);

        *got = n > 0 ? (size_t)n : 0;
        if (n >= 0)
            return true;
        if (!would_block())
            return fail_errno(err, E_TLS_BROKEN, "the local socket");
        if (!wait_for(socket, POLLIN, seconds, err))
            return false;
    }
}

bool plain_write(int socket, struct span bytes, int seconds, struct error *err)
{
    while (bytes.n > 0) {
        const ssize_t n = send(socket, bytes.at, bytes.n, MSG_NOSIGNAL);

        if (n >= 0) {
            bytes = span_after(bytes, (size_t)n);
        } else if (!would_block()) {
            return fail_errno(err, E_TLS_BROKEN, "the local socket");
        } else if (!wait_for(socket, POLLOUT, seconds, err)) {
            return false;
        }
    }
    return true;
}
