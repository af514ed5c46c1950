/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures across a SOCK_SEQPACKET socket pair: the worker asks, the supervisor, which
 * holds the private key, answers. One packet a request, one a response:
 *   request   u8 op, u8 key, u16 hash bits, u32 statement, u8 n, n bytes of role, the bytes
 *   response  u8 ok, then the signature
 * SIGNER_STATEMENT gives a body, never the message: the context string, and with it the
 * meaning of the signature, is the supervisor's, and so is which of them a worker may have.
 * The raw operations are for the TLS CertificateVerify alone; that of Ed25519, which sees
 * the whole message, is checked to be one.
 */
#pragma once

#include "certs/key.h"
#include "certs/statement.h"

#include <pthread.h>

#define SIGNER_BYTES_MAX STATEMENT_BODY_MAX
#define SIGNER_KEYS 32    /* that a supervisor holds at once */
#define SIGNER_SECONDS 10 /* a supervisor that is silent for longer is gone */

enum signer_op {
    SIGNER_STATEMENT,
    SIGNER_RAW_ECDSA,
    SIGNER_RAW_PSS,
    SIGNER_RAW_ED25519,
    SIGNER_RAW_PKCS1 /* without a side: TLS 1.3, the peers' alone, has none */
};
#define SIGNER_OPS 5

struct signer_request {
    enum signer_op op;
    unsigned key;             /* whose number it is: struct key's at_signer */
    unsigned hash_bits;       /* raw, but for Ed25519: 256, 384, 512 */
    enum statement statement; /* SIGNER_STATEMENT */
    const char *role;         /* SIGNER_STATEMENT */
    struct span bytes;        /* body, hash or message */
};

/* The worker's end; one for all threads. */
struct signer {
    int socket; /* counts only when open */
    bool open;
    bool broken; /* a response was missed: nothing on this socket can be trusted now */
    pthread_mutex_t lock;
};

/* Takes the socket over. */
must_check bool signer_open(struct signer *out, int socket, struct error *err);
/* Ask and wait; threads take turns. */
must_check bool signer_ask(struct buf *out, struct signer *signer,
                           const struct signer_request *request, struct error *err);
void signer_close(struct signer *signer);

/* Whose worker asks, as bits: each side has statements of its own. Without any it is one of
 * the management API, which has its handshakes alone. */
#define SIGNER_SOURCE 1U
#define SIGNER_TARGET 2U

/* The keys that a supervisor signs with, by their numbers; NULL where there is none. */
struct signer_keys {
    const struct key *key[SIGNER_KEYS];
    unsigned sides;
};
/*
 * The supervisor's end: wait for one request, judge it, answer it. A request that is not
 * acceptable is answered with a refusal and is no failure here. False with err untouched
 * when the worker has closed its end.
 */
must_check bool signer_answer(int socket, const struct signer_keys *keys,
                              struct error *err);
