/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/tls_io.h"

#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define WHOLE_RECORD 16384 /* RFC 8446 5.1: plaintext of a full record */
#define DRAIN_SECONDS 30

bool tls_io_wait(const struct tls_io *io, short events, int ms)
{
    struct pollfd one = {.fd = io->fd, .events = events};
    int n;

    do
        n = poll(&one, 1, ms);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

static ssize_t io_result(ssize_t n)
{
    if (n > 0)
        return n;
    if (n == 0)
        return TLS_IO_END;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? TLS_IO_AGAIN
                                                                     : TLS_IO_BROKEN;
}

static bool carries_nothing(struct tls_io *io)
{
    if (!io->watched || (io->idle <= TLS_IO_IDLE_MAX && io->empty <= TLS_IO_EMPTY_MAX))
        return false;
    io->broken = EPROTO;
    return true;
}

/* The first of these bytes are of the record's header, or else of the rest of it: how many.
 */
static size_t read_record(struct tls_io *io, struct span bytes)
{
    size_t n = 1;

    if (io->head_n < sizeof(io->head)) {
        io->head[io->head_n++] = bytes.at[0];
        if (io->head_n == sizeof(io->head))
            io->record_n = (size_t)io->head[3] << 8 | io->head[4];
    } else {
        n = io->record_n < bytes.n ? io->record_n : bytes.n;
        io->record_n -= n;
    }
    return n;
}

/* These bytes go to wolfSSL. A record that is whole has carried nothing until it is said to
 * have delivered something. */
static void hand_over(struct tls_io *io, struct span bytes)
{
    if (!io->watched)
        return;
    io->idle += bytes.n;
    while (bytes.n > 0) {
        bytes = span_after(bytes, read_record(io, bytes));
        if (io->head_n < sizeof(io->head) || io->record_n > 0)
            continue;
        io->head_n = 0;
        io->empty++;
    }
}

ssize_t tls_io_receive(struct tls_io *io, void *out, size_t room)
{
    ssize_t n;

    if (carries_nothing(io))
        return TLS_IO_BROKEN;
    n = io_result(recv(io->fd, out, room, 0));
    if (n == TLS_IO_END || n == TLS_IO_BROKEN)
        io->broken = n == TLS_IO_END ? ECONNRESET : errno;
    if (n > 0)
        hand_over(io, span_of(out, (size_t)n));
    return n;
}

ssize_t tls_io_read(struct tls_io *io, void *out, size_t room)
{
    size_t n;

    if (carries_nothing(io))
        return TLS_IO_BROKEN;
    if (io->in_n == 0) {
        ssize_t got;

        if (io->in == NULL)
            io->in = mem_zeroed(TLS_IO_BYTES, 1);
        got = io_result(recv(io->fd, io->in, TLS_IO_BYTES, 0));
        if (got < 0)
            return got;
        io->in_at = 0;
        io->in_n = (size_t)got;
    }
    n = room < io->in_n ? room : io->in_n;
    memcpy(out, io->in + io->in_at, n);
    hand_over(io, span_of(out, n));
    io->in_at += n;
    io->in_n -= n;
    return (ssize_t)n;
}

void tls_io_delivered(struct tls_io *io, size_t n)
{
    n += TLS_IO_OVERHEAD;
    io->idle -= n < io->idle ? n : io->idle;
    io->empty = 0;
}

static ssize_t io_send(struct tls_io *io, const void *bytes, size_t n)
{
    const ssize_t result = io_result(send(io->fd, bytes, n, MSG_NOSIGNAL));

    if (result == TLS_IO_BROKEN)
        io->broken = errno;
    return result;
}

/* Send what is gathered, as much as the socket takes now. */
static ssize_t io_push(struct tls_io *io)
{
    size_t sent = 0;
    ssize_t n = 1;

    while (sent < io->out_n && n > 0) {
        n = io_send(io, io->out + sent, io->out_n - sent);
        if (n > 0)
            sent += (size_t)n;
    }
    if (sent > 0)
        memmove(io->out, io->out + sent, io->out_n - sent);
    io->out_n -= sent;
    return n < 0 ? n : 0;
}

bool tls_io_drain(struct tls_io *io, int seconds)
{
    while (io->out_n > 0) {
        ssize_t result = io_push(io);

        if (result == TLS_IO_AGAIN && !tls_io_wait(io, POLLOUT, seconds * 1000)) {
            io->broken = ETIMEDOUT;
            return false;
        }
        if (result == TLS_IO_BROKEN || result == TLS_IO_END)
            return false;
    }
    return true;
}

ssize_t tls_io_write(struct tls_io *io, const void *bytes, size_t n)
{
    if (!io->gather && io->out_n == 0)
        return io_send(io, bytes, n);
    if (io->out == NULL)
        io->out = mem_zeroed(TLS_IO_BYTES, 1);
    if (n > TLS_IO_BYTES - io->out_n) {
        ssize_t result = io_push(io);

        if (result < 0 && n > TLS_IO_BYTES - io->out_n)
            return result;
    }
    if (n > TLS_IO_BYTES - io->out_n)
        return TLS_IO_BROKEN; /* larger than any record */
    memcpy(io->out + io->out_n, bytes, n);
    io->out_n += n;
    /* The peer answers only what it has: the end of a body may not wait in here. */
    if (!io->gather || n < WHOLE_RECORD)
        return tls_io_drain(io, DRAIN_SECONDS) ? (ssize_t)n : TLS_IO_BROKEN;
    return (ssize_t)n;
}

void tls_io_free(struct tls_io *io)
{
    if (io == NULL)
        return;
    if (io->in != NULL)
        mem_wipe(io->in, TLS_IO_BYTES);
    mem_free(io->in);
    mem_free(io->out);
    mem_free(io);
}
