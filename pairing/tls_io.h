/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies between wolfSSL and the socket: reads ahead, so that a record costs one recv
 * and not two, and gathers the records of a body into large sends. No TLS in here.
 */
#pragma once

#include "base/span.h"

#include <sys/types.h>

#define TLS_IO_BYTES (256 * 1024) /* of each direction's buffer; made when first needed */
/* Of records that carry nothing, such as key updates: so many bytes beyond what the others
 * carry, and so many of them in a row. */
#define TLS_IO_IDLE_MAX (3 * 16384)
#define TLS_IO_EMPTY_MAX 32
#define TLS_IO_OVERHEAD 256 /* that may go with each piece of what they carry */

struct tls_io {
    int fd; /* non-blocking, borrowed */
    unsigned char *in;
    size_t in_at, in_n; /* in_n bytes wait at in + in_at */
    unsigned char *out;
    size_t out_n;
    bool gather;     /* more of a body follows: keep records until the buffer is full */
    bool watched;    /* the handshake is over: records have to carry something */
    size_t idle;     /* bytes handed over for which nothing was delivered so far */
    unsigned empty;  /* whole records since something was delivered */
    size_t record_n; /* bytes of the record under way that are still to be handed over */
    unsigned char head[5]; /* its header (RFC 8446 5.1), as long as that is not whole */
    size_t head_n;
    int broken; /* errno of what failed for good; 0 while it is whole */
};

#define TLS_IO_AGAIN (-1) /* the socket would block */
#define TLS_IO_BROKEN (-2)
#define TLS_IO_END (-3)

/* Up to `room` bytes; TLS_IO_AGAIN, TLS_IO_BROKEN or TLS_IO_END otherwise. Broken is also
 * who is watched and sends more that carries nothing than the bounds above allow. */
ssize_t tls_io_read(struct tls_io *io, void *out, size_t room);
/* The same straight from the socket, for who looks at it before each read: libcurl. */
ssize_t tls_io_receive(struct tls_io *io, void *out, size_t room);
/* The records handed over so far have carried these n bytes. */
void tls_io_delivered(struct tls_io *io, size_t n);
/* Takes all n bytes (returns n) or none of them. */
ssize_t tls_io_write(struct tls_io *io, const void *bytes, size_t n);
/* Wait until the socket has taken everything, at most `seconds`. */
bool tls_io_drain(struct tls_io *io, int seconds);
/* Wait for POLLIN or POLLOUT; false after `ms`. */
bool tls_io_wait(const struct tls_io *io, short events, int ms);
void tls_io_free(struct tls_io *io);
