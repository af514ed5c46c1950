/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a host and a port to a connected socket, and the handshake on it. */
#include "pairing/tls.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The addresses of a host, freed with the scope. */
static void addresses_free(struct addrinfo **list)
{
    if (*list != NULL)
        freeaddrinfo(*list);
    *list = NULL;
}

static bool is_ready(struct pollfd *one, int seconds)
{
    int n;

    do
        n = poll(one, 1, seconds * 1000);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

static bool connect_within(int fd, const struct addrinfo *to, int seconds)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    int failure = 0;
    socklen_t n = sizeof(failure);

    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS || !is_ready(&one, seconds))
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &n) != 0 || failure != 0) {
        errno = failure;
        return false;
    }
    return true;
}

bool tls_dial(struct tls *out, const char *host, const char *port,
              const struct identity *self, struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    scoped(addresses_free) struct addrinfo *list = NULL;
    int code = getaddrinfo(host, port, &hints, &list);

    if (code != 0)
        return fail(err, E_DIAL, "%s: %s", host, gai_strerror(code));
    for (const struct addrinfo *to = list; to != NULL; to = to->ai_next) {
        int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd >= 0 && connect_within(fd, to, TLS_HANDSHAKE_SECONDS)) {
            if (tls_connect(out, fd, self, err))
                return true;
            close(fd);
            return false;
        }
        if (fd >= 0)
            close(fd);
    }
    return fail(err, E_DIAL, "%s port %s: %s", host, port, strerrordesc_np(errno));
}
