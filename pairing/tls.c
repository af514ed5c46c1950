/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/tls.h"

#include "base/mem.h"
#include "base/text.h"
#include "pairing/tls_io.h"
#include "pairing/tls_policy.h"
#include "pairing/tls_sign.h"

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int io_code(ssize_t n, int again)
{
    switch (n) {
    case TLS_IO_AGAIN:
        return again;
    case TLS_IO_END:
        return WOLFSSL_CBIO_ERR_CONN_CLOSE;
    case TLS_IO_BROKEN:
        return WOLFSSL_CBIO_ERR_GENERAL;
    default:
        return (int)n;
    }
}

static int io_receive(WOLFSSL *ssl, char *out, int room, void *io)
{
    (void)ssl;
    return io_code(tls_io_read(io, out, (size_t)room), WOLFSSL_CBIO_ERR_WANT_READ);
}

static int io_send(WOLFSSL *ssl, char *bytes, int n, void *io)
{
    (void)ssl;
    return io_code(tls_io_write(io, bytes, (size_t)n), WOLFSSL_CBIO_ERR_WANT_WRITE);
}

/* libcurl's connections. One that it still closes while the next is in use would take the
 * bytes of that one: the socket is no longer its own. */
static int curl_receive(WOLFSSL *ssl, char *out, int room, void *at)
{
    const struct tls_curl *curl = at;

    if (ssl != curl->ssl)
        return WOLFSSL_CBIO_ERR_CONN_CLOSE;
    return io_code(tls_io_receive(curl->io, out, (size_t)room), WOLFSSL_CBIO_ERR_WANT_READ);
}

static int curl_send(WOLFSSL *ssl, char *bytes, int n, void *at)
{
    const struct tls_curl *curl = at;

    return ssl == curl->ssl ? io_send(ssl, bytes, n, curl->io)
                            : WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* After a call that did not succeed: wait for the socket, or say why it cannot go on. */
static bool wait_for(struct tls *tls, int code, int64_t deadline, const char *what,
                     struct error *err)
{
    int why = wolfSSL_get_error(tls->ssl, code);
    int64_t left = deadline - now_ms();
    char text[WOLFSSL_MAX_ERROR_SZ];

    if (why != WOLFSSL_ERROR_WANT_READ && why != WOLFSSL_ERROR_WANT_WRITE) {
        wolfSSL_ERR_error_string_n((unsigned long)why, text, sizeof(text));
        return fail(err, E_TLS_BROKEN, "%s: %s", what, text);
    }
    if (left <= 0 ||
        !tls_io_wait(tls->io, why == WOLFSSL_ERROR_WANT_READ ? POLLIN : POLLOUT, (int)left))
        return fail(err, E_TLS_SILENT, "%s", what);
    return true;
}

static bool handshake(struct tls *tls, struct error *err)
{
    const char *what = tls->is_server ? "handshake with the client" : "handshake";
    int64_t deadline = now_ms() + TLS_HANDSHAKE_SECONDS * 1000;

    for (;;) {
        int code = tls->is_server ? wolfSSL_accept(tls->ssl) : wolfSSL_connect(tls->ssl);

        tls->io->watched = code == WOLFSSL_SUCCESS;
        if (code == WOLFSSL_SUCCESS)
            return tls->to_anyone || tls_policy_facts(&tls->facts, tls->ssl, err);
        if (tls->facts.refused.msg != E_NONE) {
            *err = tls->facts.refused;
            return false;
        }
        if (!wait_for(tls, code, deadline, what, err))
            return false;
    }
}

static bool socket_prepare(int fd)
{
    const int one = 1;
    int flags = fcntl(fd, F_GETFL);

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static WOLFSSL_METHOD *method_of(const struct tls *tls)
{
    if (tls->to_anyone)
        return wolfTLS_server_method();
    return tls->is_server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
}

static bool use_policy(struct tls *tls, const struct identity *self, struct error *err)
{
    return tls->to_anyone
               ? tls_policy_anyone(tls->ctx, self, &tls->facts, err)
               : tls_policy(tls->ctx, self, tls->is_server ? LEAF_SERVER : LEAF_CLIENT,
                            &tls->facts, err);
}

static bool tls_begin(struct tls *tls, int fd, const struct identity *self,
                      struct error *err)
{
    tls->ctx = wolfSSL_CTX_new(method_of(tls));
    if (tls->ctx == NULL || !socket_prepare(fd))
        return fail(err, E_TLS_SETUP, "no memory or no socket");
    if (!use_policy(tls, self, err))
        return false;
    wolfSSL_CTX_SetIORecv(tls->ctx, io_receive);
    wolfSSL_CTX_SetIOSend(tls->ctx, io_send);
    tls->ssl = wolfSSL_new(tls->ctx);
    if (tls->ssl == NULL)
        return fail(err, E_TLS_SETUP, "wolfSSL_new");
    tls->io = mem_zeroed(1, sizeof(*tls->io));
    tls->io->fd = fd;
    wolfSSL_SetIOReadCtx(tls->ssl, tls->io);
    wolfSSL_SetIOWriteCtx(tls->ssl, tls->io);
    wolfSSL_KeepArrays(tls->ssl);
    tls_sign_on(tls->ssl, tls->facts.key);
    return true;
}

/* Forget everything but the socket, which stays the caller's. */
static void tls_drop(struct tls *tls)
{
    wolfSSL_free(tls->ssl);
    wolfSSL_CTX_free(tls->ctx);
    tls_io_free(tls->io);
    tls_facts_clear(&tls->facts);
    *tls = (struct tls){0};
}

/* What kind of connection it is, is set. */
static bool tls_establish(struct tls *out, int fd, const struct identity *self,
                          struct error *err)
{
    if (!tls_begin(out, fd, self, err) || !handshake(out, err)) {
        tls_drop(out);
        return false;
    }
    out->fd = fd;
    return true;
}

bool tls_accept(struct tls *out, int fd, const struct identity *self, struct error *err)
{
    out->is_server = true;
    return tls_establish(out, fd, self, err);
}

bool tls_accept_anyone(struct tls *out, int fd, const struct identity *self,
                       struct error *err)
{
    out->is_server = out->to_anyone = true;
    return tls_establish(out, fd, self, err);
}

bool tls_connect(struct tls *out, int fd, const struct identity *self, struct error *err)
{
    out->is_server = false;
    return tls_establish(out, fd, self, err);
}

bool tls_read(struct tls *tls, void *out, size_t room, size_t *got, int seconds,
              struct error *err)
{
    int64_t deadline = now_ms() + (int64_t)seconds * 1000;

    for (;;) {
        int n = wolfSSL_read(tls->ssl, out, room < INT_MAX ? (int)room : INT_MAX);
        int why;

        *got = n > 0 ? (size_t)n : 0;
        if (n > 0) {
            tls_io_delivered(tls->io, (size_t)n);
            return true;
        }
        why = wolfSSL_get_error(tls->ssl, n);
        if (why == WOLFSSL_ERROR_ZERO_RETURN || (n == 0 && why == SOCKET_PEER_CLOSED_E))
            return true;
        if (!wait_for(tls, n, deadline, "reading", err))
            return false;
    }
}

bool tls_write(struct tls *tls, struct span bytes, struct error *err)
{
    int64_t deadline = now_ms() + TLS_IDLE_SECONDS * 1000;

    while (bytes.n > 0) {
        int most = bytes.n < (1U << 20) ? (int)bytes.n : 1 << 20;
        int n = wolfSSL_write(tls->ssl, bytes.at, most);

        if (n > 0) {
            bytes = span_after(bytes, (size_t)n);
            deadline = now_ms() + TLS_IDLE_SECONDS * 1000;
        } else if (!wait_for(tls, n, deadline, "writing", err)) {
            return false;
        }
    }
    return true;
}

bool tls_has_pending(const struct tls *tls)
{
    return wolfSSL_pending(tls->ssl) > 0 || tls->io->in_n > 0;
}

void tls_close(struct tls *tls)
{
    int fd = tls->fd;

    if (tls->ssl == NULL)
        return;
    wolfSSL_shutdown(tls->ssl);
    tls_drop(tls);
    close(fd);
}

bool tls_curl_policy(struct tls_curl *curl, void *wolfssl_ctx)
{
    WOLFSSL_CTX *ctx = wolfssl_ctx;

    tls_facts_clear(&curl->facts);
    return tls_policy(ctx, curl->self, LEAF_CLIENT, &curl->facts, &curl->err);
}

bool tls_curl_connected(struct tls_curl *curl, void *wolfssl)
{
    return tls_policy_facts(&curl->facts, wolfssl, &curl->err);
}

void tls_curl_take_over(struct tls_curl *curl, void *wolfssl)
{
    WOLFSSL *ssl = wolfssl;

    if (curl->io == NULL)
        curl->io = mem_zeroed(1, sizeof(*curl->io));
    curl->io->fd = curl->fd;
    curl->io->out_n = curl->io->record_n = curl->io->head_n = 0;
    curl->io->gather = false;
    curl->io->watched = true;
    curl->ssl = ssl;
    wolfSSL_SSLSetIOSend(ssl, curl_send);
    wolfSSL_SetIOWriteCtx(ssl, curl);
    wolfSSL_SSLSetIORecv(ssl, curl_receive);
    wolfSSL_SetIOReadCtx(ssl, curl);
}

void tls_curl_body(struct tls_curl *curl, bool more_follows)
{
    if (curl->io != NULL)
        curl->io->gather = more_follows;
}

void tls_curl_delivered(struct tls_curl *curl, size_t n)
{
    if (curl->io != NULL)
        tls_io_delivered(curl->io, n);
}

void tls_curl_begin(struct tls_curl *curl)
{
    curl->err = (struct error){0};
    curl->asked = false;
}

void tls_curl_ask(struct tls_curl *curl)
{
    curl->io->broken = 0;
    curl->io->idle = curl->io->empty = 0;
    curl->asked = true;
}

int tls_curl_broken(const struct tls_curl *curl)
{
    return curl->asked ? curl->io->broken : 0;
}

void tls_curl_clear(struct tls_curl *curl)
{
    tls_io_free(curl->io);
    curl->io = NULL;
    curl->asked = false;
    tls_facts_clear(&curl->facts);
}
