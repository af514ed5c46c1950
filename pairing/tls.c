/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/tls.h"

#include "base/mem.h"
#include "base/text.h"
#include "pairing/tls_io.h"
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

#define EXPORTER_LABEL "EXPORTER-Channel-Binding" /* RFC 9266 section 2 */
#define CIPHERS                                                                            \
    "TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256"

void tls_facts_clear(struct tls_facts *facts)
{
    chain_clear(&facts->peer);
    *facts = (struct tls_facts){0};
}

/* wolfSSL asks twice about a leaf it does not like; the second time nothing is new. */
static bool is_captured(const struct chain *peer, const WOLFSSL_X509_STORE_CTX *store)
{
    if (peer->n == 0 || peer->n != (size_t)store->totalCerts)
        return false;
    for (size_t i = 0; i < peer->n; i++)
        if (!span_equal(buf_span(&peer->cert[i].der),
                        span_of(store->certs[i].buffer, store->certs[i].length)))
            return false;
    return true;
}

static bool is_not_too_long(size_t certificates, struct error *err)
{
    return certificates <= TLS_CHAIN_CERTS_MAX ||
           fail(err, E_CHAIN_WIRE, "%zu certificates or more; at most %d are taken",
                certificates, TLS_CHAIN_CERTS_MAX);
}

/*
 * Everything the peer presented, in its order; what is no certificate ends the list.
 * wolfSSL drops what is beyond its own limit, and then loses its place among the messages:
 * a chain that fills it may have had more.
 */
_Static_assert(TLS_CHAIN_CERTS_MAX < MAX_CHAIN_DEPTH, "a chain beyond the limit is seen");
static bool capture_chain(struct tls_facts *facts, const WOLFSSL_X509_STORE_CTX *store)
{
    struct error *err = &facts->refused;
    size_t bytes = 0;

    if (is_captured(&facts->peer, store))
        return true;
    if (!is_not_too_long((size_t)store->totalCerts, err))
        return false;
    chain_clear(&facts->peer);
    for (int i = 0; i < store->totalCerts; i++) {
        struct span der = span_of(store->certs[i].buffer, store->certs[i].length);

        bytes += der.n;
        if (bytes > TLS_CHAIN_BYTES_MAX)
            return fail(err, E_TOO_LARGE, "a chain of %zu bytes or more", bytes);
        if (!chain_add_der(&facts->peer, der, err))
            return false;
    }
    return facts->peer.n > 0;
}

/*
 * wolfSSL calls this for every certificate, root to leaf, some twice. Its opinion of the
 * chain is not ours (docs/decisions.md): the chain is taken as data and judged later.
 * Saying yes here is safe because the WOLFSSL_CTX, which keeps what was said yes to, serves
 * this connection only and dies with it.
 */
static int take_peer_chain(int verified, WOLFSSL_X509_STORE_CTX *store)
{
    struct tls_facts *facts = store->userCtx;
    int index = wolfSSL_get_ex_data_X509_STORE_CTX_idx();
    WOLFSSL *ssl = wolfSSL_X509_STORE_CTX_get_ex_data(store, index);

    (void)verified;
    if (store->error_depth != 0)
        return 1;
    if (ssl == NULL)
        return 0;
    wolfSSL_KeepArrays(ssl); /* the exporter needs them after the handshake */
    tls_sign_on(ssl,
                facts->key); /* a client signs after this; libcurl has no better place */
    return capture_chain(facts, store) ? 1 : 0;
}

/* Present the whole chain, root included. */
static bool use_chain(WOLFSSL_CTX *ctx, const struct chain *chain, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(CHAIN_FILE_MAX);
    struct span spki = chain_leaf(chain)->spki;
    int code;

    if (!is_not_too_long(chain->n, err))
        return false;
    for (size_t i = 0; i < chain->n; i++)
        if (!buf_add(&der, buf_span(&chain->cert[i].der), err))
            return false;
    code = wolfSSL_CTX_use_certificate_chain_buffer_format(ctx, der.at, (long)der.n,
                                                           WOLFSSL_FILETYPE_ASN1);
    if (code != WOLFSSL_SUCCESS)
        return fail(err, E_TLS_SETUP, "wolfSSL does not take our chain (%d)", code);
    /* With sign callbacks wolfSSL takes the public key here and asks for no private one. */
    code = wolfSSL_CTX_use_PrivateKey_buffer(ctx, spki.at, (long)spki.n,
                                             WOLFSSL_FILETYPE_ASN1);
    return code == WOLFSSL_SUCCESS ||
           fail(err, E_TLS_SETUP, "wolfSSL does not take our public key (%d)", code);
}

/* Hybrid first where this wolfSSL has it, then the classical groups. */
static bool use_groups(WOLFSSL_CTX *ctx)
{
    static int hybrid[] = {WOLFSSL_X25519MLKEM768, WOLFSSL_ECC_X25519,
                           WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};

    return wolfSSL_CTX_set_groups(ctx, hybrid, (int)COUNT(hybrid)) == WOLFSSL_SUCCESS ||
           wolfSSL_CTX_set_groups(ctx, hybrid + 1, (int)COUNT(hybrid) - 1) ==
               WOLFSSL_SUCCESS;
}

/* The policy of both ends and of libcurl: the only place where TLS is configured. */
static bool tls_policy(WOLFSSL_CTX *ctx, const struct identity *self, enum leaf_use use,
                       struct tls_facts *facts, struct error *err)
{
    if (wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_TLSV1_3) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_cipher_list(ctx, CIPHERS) != WOLFSSL_SUCCESS || !use_groups(ctx))
        return fail(err, E_TLS_SETUP, "this wolfSSL cannot be configured");
    facts->key = identity_key(self, use);
    facts->own = identity_chain(self, use);
    tls_sign_policy(ctx);
    if (!use_chain(ctx, identity_chain(self, use), err))
        return false;
    wolfSSL_CTX_no_ticket_TLSv13(ctx);
    wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           take_peer_chain);
    wolfSSL_CTX_SetCertCbCtx(ctx, facts);
    return true;
}

static bool take_facts(struct tls_facts *facts, WOLFSSL *ssl, struct error *err)
{
    const char *group = wolfSSL_get_curve_name(ssl);

    if (facts->peer.n == 0)
        return fail(err, E_TLS_NO_CERTIFICATE, "no certificate was captured");
    if (wolfSSL_version(ssl) != TLS1_3_VERSION || wolfSSL_session_reused(ssl) != 0)
        return fail(err, E_TLS_POLICY, "%s%s", wolfSSL_get_version(ssl),
                    wolfSSL_session_reused(ssl) != 0 ? ", resumed" : "");
    if (wolfSSL_export_keying_material(ssl, facts->exporter, sizeof(facts->exporter),
                                       EXPORTER_LABEL, sizeof(EXPORTER_LABEL) - 1, NULL, 0,
                                       1) != WOLFSSL_SUCCESS)
        return fail(err, E_TLS_SETUP, "no exporter value");
    wolfSSL_FreeArrays(ssl);
    chain_remember(&facts->peer, facts->own);
    (void)text_fits(facts->version, wolfSSL_get_version(ssl));
    (void)text_fits(facts->cipher, wolfSSL_get_cipher_name(ssl));
    (void)text_fits(facts->group, group != NULL ? group : "?");
    return true;
}

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
            return take_facts(&tls->facts, tls->ssl, err);
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

static bool tls_begin(struct tls *tls, int fd, const struct identity *self,
                      struct error *err)
{
    WOLFSSL_METHOD *method =
        tls->is_server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();

    tls->ctx = wolfSSL_CTX_new(method);
    if (tls->ctx == NULL || !socket_prepare(fd))
        return fail(err, E_TLS_SETUP, "no memory or no socket");
    if (!tls_policy(tls->ctx, self, tls->is_server ? LEAF_SERVER : LEAF_CLIENT, &tls->facts,
                    err))
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

static bool tls_establish(struct tls *out, bool is_server, int fd,
                          const struct identity *self, struct error *err)
{
    out->is_server = is_server;
    if (!tls_begin(out, fd, self, err) || !handshake(out, err)) {
        tls_drop(out);
        return false;
    }
    out->fd = fd;
    return true;
}

bool tls_accept(struct tls *out, int fd, const struct identity *self, struct error *err)
{
    return tls_establish(out, true, fd, self, err);
}

bool tls_connect(struct tls *out, int fd, const struct identity *self, struct error *err)
{
    return tls_establish(out, false, fd, self, err);
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
    WOLFSSL *ssl = wolfssl;

    if (!take_facts(&curl->facts, ssl, &curl->err))
        return false;
    if (curl->io == NULL)
        curl->io = mem_zeroed(1, sizeof(*curl->io));
    curl->io->fd = curl->fd;
    curl->io->out_n = 0;
    curl->io->gather = false;
    wolfSSL_SSLSetIOSend(ssl, io_send);
    wolfSSL_SetIOWriteCtx(ssl, curl->io);
    return true;
}

void tls_curl_body(struct tls_curl *curl, bool more_follows)
{
    if (curl->io != NULL)
        curl->io->gather = more_follows;
}

void tls_curl_begin(struct tls_curl *curl)
{
    curl->err = (struct error){0};
    if (curl->io != NULL)
        curl->io->broken = 0;
}

int tls_curl_broken(const struct tls_curl *curl)
{
    return curl->io != NULL ? curl->io->broken : 0;
}

void tls_curl_clear(struct tls_curl *curl)
{
    tls_io_free(curl->io);
    curl->io = NULL;
    tls_facts_clear(&curl->facts);
}
