/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies between wolfSSL and the socket: reads ahead, so that a record costs one recv
 * and not two, and gathers the records of a body into large sends. No TLS in here.
 */
#pragma once

#include "base/span.h"

#include <sys/types.h>

#define TLS_IO_BYTES (256 * 1024) /* of each direction's buffer; made when first needed */

struct tls_io {
    int fd; /* non-blocking, borrowed */
    unsigned char *in;
    size_t in_at, in_n; /* in_n bytes wait at in + in_at */
    unsigned char *out;
    size_t out_n;
    bool gather; /* more of a body follows: keep records until the buffer is full */
    int broken;  /* errno of the send that failed for good; 0 while it is whole */
};

#define TLS_IO_AGAIN (-1) /* the socket would block */
#define TLS_IO_BROKEN (-2)
#define TLS_IO_END (-3)

/* Up to `room` bytes; TLS_IO_AGAIN, TLS_IO_BROKEN or TLS_IO_END otherwise. */
ssize_t tls_io_read(struct tls_io *io, void *out, size_t room);
/* Takes all n bytes (returns n) or none of them. */
ssize_t tls_io_write(struct tls_io *io, const void *bytes, size_t n);
/* Wait until the socket has taken everything, at most `seconds`. */
bool tls_io_drain(struct tls_io *io, int seconds);
/* Wait for POLLIN or POLLOUT; false after `ms`. */
bool tls_io_wait(const struct tls_io *io, short events, int ms);
void tls_io_free(struct tls_io *io);
