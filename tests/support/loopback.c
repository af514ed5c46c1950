/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop_unless(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(2);
}

static void *accept_one(void *at)
{
    struct acceptor *acceptor = at;

    acceptor->good =
        tls_accept(&acceptor->tls, acceptor->socket, acceptor->self, &acceptor->err);
    if (!acceptor->good)
        close(acceptor->socket);
    return NULL;
}

void acceptor_begin(struct acceptor *out, int socket, const struct identity *self)
{
    *out = (struct acceptor){.socket = socket, .self = self};
    stop_unless(pthread_create(&out->thread, NULL, accept_one, out) == 0, "a thread");
}

bool acceptor_end(struct acceptor *acceptor)
{
    pthread_join(acceptor->thread, NULL);
    return acceptor->good;
}

/* wolfSSL holds the address of tls->facts in its context, which is needed only while the
 * handshake lasts. */
static void take_over(struct tls *out, struct tls *from)
{
    *out = *from;
    *from = (struct tls){0};
}

void loopback_open(struct loopback *out, const struct identity *source,
                   const struct identity *target)
{
    struct acceptor acceptor;
    int ends[2];

    *out = (struct loopback){0};
    stop_unless(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0,
                "socketpair");
    acceptor_begin(&acceptor, ends[1], target);
    out->source_good = tls_connect(&out->source, ends[0], source, &out->source_err);
    if (!out->source_good)
        close(ends[0]);
    out->target_good = acceptor_end(&acceptor);
    out->target_err = acceptor.err;
    take_over(&out->target, &acceptor.tls);
}

bool loopback_is_good(const struct loopback *loopback)
{
    if (!loopback->source_good)
        printf("\n    source: %s ", loopback->source_err.about);
    if (!loopback->target_good)
        printf("\n    target: %s ", loopback->target_err.about);
    return loopback->source_good && loopback->target_good;
}

void loopback_close(struct loopback *loopback)
{
    tls_close(&loopback->source);
    tls_close(&loopback->target);
}

int loopback_listen(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    stop_unless(listening >= 0 &&
                    bind(listening, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
                    listen(listening, 4) == 0 &&
                    getsockname(listening, (struct sockaddr *)&at, &n) == 0,
                "a listening socket");
    *port = ntohs(at.sin_port);
    return listening;
}
