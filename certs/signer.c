/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/signer.h"

#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define HEADER_BYTES 9 /* op, key, hash bits, statement, length of the role */
#define PACKET_MAX (HEADER_BYTES + STATEMENT_ROLE_MAX + SIGNER_BYTES_MAX)
#define ANSWER_MAX (1 + KEY_SIGNATURE_MAX)

bool signer_open(struct signer *out, int socket, struct error *err)
{
    const struct timeval patience = {.tv_sec = SIGNER_SECONDS};
    int rc;

    *out = (struct signer){.socket = socket};
    if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
        return fail_errno(err, E_SIGNER_GONE, "the socket of the signer");
    rc = pthread_mutex_init(&out->lock, NULL);
    if (rc != 0)
        return fail(err, E_SIGNER_GONE, "no mutex: %s", strerror(rc));
    out->open = true;
    return true;
}

void signer_close(struct signer *signer)
{
    if (!signer->open)
        return;
    fd_close(&signer->socket);
    pthread_mutex_destroy(&signer->lock);
    *signer = (struct signer){0};
}

/* One packet; false with errno. */
static bool packet_send(int socket, struct span packet)
{
    ssize_t n;

    do
        n = send(socket, packet.at, packet.n, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n >= 0 && (size_t)n == packet.n;
}

/* One packet into an empty buf; n = 0 is the end. A packet beyond the ceiling is none. */
static bool packet_receive(struct buf *out, int socket, struct error *err)
{
    ssize_t n;

    if (!buf_reserve(out, out->max, err))
        return false;
    do
        n = recv(socket, out->at, out->max, MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail_errno(err, E_SIGNER_GONE, "recv");
    if ((size_t)n > out->max)
        return fail(err, E_SIGNER_GONE, "a packet of %zd bytes", n);
    out->n = (size_t)n;
    return true;
}

static bool request_pack(struct buf *out, const struct signer_request *request,
                         struct error *err)
{
    const char *role = request->role != NULL ? request->role : "";
    const size_t n = strnlen(role, STATEMENT_ROLE_MAX);

    if (n == STATEMENT_ROLE_MAX)
        return fail(err, E_STATEMENT_ROLE, "a role of %zu bytes or more", n);
    if (request->bytes.n > SIGNER_BYTES_MAX)
        return fail(err, E_TOO_LARGE, "%zu bytes to sign; at most %d", request->bytes.n,
                    SIGNER_BYTES_MAX);
    return buf_add_byte(out, (unsigned)request->op, err) &&
           buf_add_byte(out, request->key, err) &&
           buf_add_u16(out, request->hash_bits, err) &&
           buf_add_u32(out, (unsigned)request->statement, err) &&
           buf_add_byte(out, (unsigned)n, err) && buf_add(out, span_of(role, n), err) &&
           buf_add(out, request->bytes, err);
}

/* Whatever goes wrong here, the next response may belong to this request. */
static bool exchange(struct buf *answer, struct signer *signer, struct span request,
                     struct error *err)
{
    if (signer->broken)
        return fail(err, E_SIGNER_GONE, "an earlier answer was missed");
    signer->broken = true;
    if (!packet_send(signer->socket, request))
        return fail_errno(err, E_SIGNER_GONE, "send");
    if (!packet_receive(answer, signer->socket, err))
        return false;
    if (answer->n == 0)
        return fail(err, E_SIGNER_GONE, "it has ended");
    signer->broken = false;
    return true;
}

bool signer_ask(struct buf *out, struct signer *signer,
                const struct signer_request *request, struct error *err)
{
    scoped(buf_clear) struct buf packet = buf_upto(PACKET_MAX);
    scoped(buf_clear) struct buf answer = buf_upto(ANSWER_MAX);
    bool heard;

    if (!request_pack(&packet, request, err))
        return false;
    pthread_mutex_lock(&signer->lock);
    heard = exchange(&answer, signer, buf_span(&packet), err);
    pthread_mutex_unlock(&signer->lock);
    if (!heard)
        return false;
    if (answer.at[0] != 1)
        return fail(err, E_SIGNER_REFUSED, "operation %d", (int)request->op);
    return buf_add(out, span_after(buf_span(&answer), 1), err);
}

/* The reverse of request_pack; the strings and bytes are those of the packet and `role`. */
static bool request_unpack(struct signer_request *out, char role[STATEMENT_ROLE_MAX],
                           struct span packet)
{
    const unsigned char *at = packet.at;
    size_t n;

    if (packet.n < HEADER_BYTES || at[0] >= SIGNER_OPS || at[1] >= SIGNER_KEYS)
        return false;
    n = at[8];
    if (n >= STATEMENT_ROLE_MAX || n > packet.n - HEADER_BYTES)
        return false;
    if (at[4] != 0 || at[5] != 0 || at[6] != 0 || at[7] >= STATEMENTS)
        return false;
    *out = (struct signer_request){.op = (enum signer_op)at[0],
                                   .key = at[1],
                                   .hash_bits = (unsigned)at[2] << 8 | at[3],
                                   .statement = (enum statement)at[7],
                                   .role = role,
                                   .bytes = span_after(packet, HEADER_BYTES + n)};
    return text_copy_span(role, STATEMENT_ROLE_MAX,
                          span_head(span_after(packet, HEADER_BYTES), n)) &&
           strlen(role) == n && out->bytes.n <= SIGNER_BYTES_MAX;
}

/* RFC 8446 4.4.3: 64 blanks, the context, a NUL, a transcript hash of 32 or 48 bytes. */
static bool is_certificate_verify(struct span message)
{
    static const char *const contexts[] = {"TLS 1.3, server CertificateVerify",
                                           "TLS 1.3, client CertificateVerify"};
    const size_t blanks = 64;
    const struct span rest = span_after(message, blanks);

    for (size_t i = 0; i < blanks; i++)
        if (i >= message.n || message.at[i] != ' ')
            return false;
    for (size_t i = 0; i < COUNT(contexts); i++) {
        const size_t n = strlen(contexts[i]) + 1;

        if (span_equal(span_head(rest, n), span_of(contexts[i], n)))
            return rest.n == n + 32 || rest.n == n + 48;
    }
    return false;
}

/* What a worker says itself. All else, a target's receipts and its word that a migration
 * has ended among it, is made where the keys are, of what is kept there. */
static const struct {
    unsigned side;
    enum statement statement;
    const char *role;
} workers[] = {
    {SIGNER_SOURCE, STATEMENT_VERDICT, "source"},
    {SIGNER_SOURCE, STATEMENT_FREEZE, "source"},
    {SIGNER_SOURCE, STATEMENT_RECEIPT, "source"},
    {SIGNER_TARGET, STATEMENT_VERDICT, "target"},
};

static bool is_the_workers(const struct signer_keys *keys,
                           const struct signer_request *request)
{
    for (size_t i = 0; i < COUNT(workers); i++)
        if ((workers[i].side & keys->sides) != 0 &&
            workers[i].statement == request->statement &&
            text_equal(workers[i].role, request->role))
            return true;
    return false;
}

static bool request_sign(struct buf *out, const struct signer_keys *keys,
                         const struct signer_request *request, struct error *err)
{
    const struct key *key = keys->key[request->key];

    if (key == NULL)
        return fail(err, E_SIGNER_REFUSED, "no key %u", request->key);
    switch (request->op) {
    case SIGNER_STATEMENT:
        if (!is_the_workers(keys, request))
            return fail(err, E_SIGNER_REFUSED, "this is not the worker's to sign");
        return statement_sign(out, key, request->statement, request->role, request->bytes,
                              err);
    case SIGNER_RAW_ECDSA:
        return key_sign_raw(out, key, RAW_ECDSA, request->hash_bits, request->bytes, err);
    case SIGNER_RAW_PSS:
        return key_sign_raw(out, key, RAW_RSA_PSS, request->hash_bits, request->bytes, err);
    case SIGNER_RAW_PKCS1:
        if (keys->sides != 0)
            return fail(err, E_SIGNER_REFUSED, "PKCS#1 is for TLS 1.2");
        return key_sign_raw(out, key, RAW_RSA_PKCS1, request->hash_bits, request->bytes,
                            err);
    case SIGNER_RAW_ED25519:
        if (!is_certificate_verify(request->bytes))
            return fail(err, E_SIGNER_REFUSED, "the message is no CertificateVerify");
        return key_sign_raw(out, key, RAW_ED25519, 0, request->bytes, err);
    }
    return fail(err, E_SIGNER_REFUSED, "no such operation");
}

bool signer_answer(int socket, const struct signer_keys *keys, struct error *err)
{
    scoped(buf_clear) struct buf packet = buf_upto(PACKET_MAX);
    scoped(buf_clear) struct buf answer = buf_upto(ANSWER_MAX);
    struct signer_request request = {0};
    char role[STATEMENT_ROLE_MAX] = "";
    struct error refusal = {0};

    if (!packet_receive(&packet, socket, err) || packet.n == 0)
        return false;
    if (!buf_add_byte(&answer, 1, err))
        return false;
    if (!request_unpack(&request, role, buf_span(&packet)) ||
        !request_sign(&answer, keys, &request, &refusal)) {
        buf_reset(&answer);
        if (!buf_add_byte(&answer, 0, err))
            return false;
    }
    return packet_send(socket, buf_span(&answer)) || fail_errno(err, E_SIGNER_GONE, "send");
}
