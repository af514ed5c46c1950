/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mutual-TLS connection and its policy: TLS 1.3 only (RFC 8446), a certificate from both
 * sides, the whole chain presented, no tickets, no resumption, no early data. wolfSSL
 * proves possession and the handshake; the chain the peer presented is captured as plain
 * data and judged elsewhere. One function sets the policy for a socket of ours and for a
 * libcurl handle.
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "certs/chain.h"
#include "certs/identity.h"

#include <stdint.h>

struct WOLFSSL;
struct WOLFSSL_CTX;

#define TLS_HANDSHAKE_SECONDS 10
#define TLS_IDLE_SECONDS 30
#define TLS_EXPORTER_BYTES 32
#define TLS_CHAIN_CERTS_MAX 19     /* of a side; the rules accept fewer and say why */
#define TLS_CHAIN_BYTES_MAX 131072 /* a peer's certificates together */
#define TLS_PORT_DEFAULT "8443"

/* Facts of an established connection; all of them go into the verdict and the receipt. */
struct tls_facts {
    const struct key *key;                      /* ours, borrowed: it signs the handshake */
    const struct chain *own;                    /* ours, borrowed, as presented */
    struct chain peer;                          /* as presented, leaf first */
    unsigned char exporter[TLS_EXPORTER_BYTES]; /* RFC 9266 tls-exporter */
    struct error refused; /* why what the peer presented is no chain: ended the handshake */
    char version[16];
    char cipher[48];
    char group[32]; /* key exchange, "X25519MLKEM768" */
};
void tls_facts_clear(struct tls_facts *facts);

struct tls_io; /* tls_io.h */

struct tls {
    struct WOLFSSL_CTX *ctx; /* one per connection: wolfSSL keeps what it verified */
    struct WOLFSSL *ssl;
    struct tls_io *io;
    int fd;
    bool is_server;
    bool to_anyone; /* no certificate was asked for; of the facts only ours are known */
    struct tls_facts facts;
};

/*
 * Hand-shake on a connected socket, within TLS_HANDSHAKE_SECONDS, with the leaf for this
 * part. The descriptor is the caller's again when this fails and tls's afterwards. `self`
 * is borrowed until tls_close.
 */
must_check bool tls_accept(struct tls *out, int fd, const struct identity *self,
                           struct error *err);
/* A server of the management API: its clients have no certificate, and TLS 1.2 will do. */
must_check bool tls_accept_anyone(struct tls *out, int fd, const struct identity *self,
                                  struct error *err);
must_check bool tls_connect(struct tls *out, int fd, const struct identity *self,
                            struct error *err);
/* Resolve, connect and tls_connect. `host` may be a name, an IPv4 or an IPv6 address. */
must_check bool tls_dial(struct tls *out, const char *host, const char *port,
                         const struct identity *self, struct error *err);
/* At least one byte, or *got = 0 at a clean end; fails after `seconds` of silence. */
must_check bool tls_read(struct tls *tls, void *out, size_t room, size_t *got, int seconds,
                         struct error *err);
must_check bool tls_write(struct tls *tls, struct span bytes, struct error *err);
/* True when bytes wait that need no further read from the socket. */
bool tls_has_pending(const struct tls *tls);
void tls_close(struct tls *tls);

/*
 * The same policy for a libcurl handle, which knows wolfSSL only as void *. A struct
 * tls_curl belongs to one easy handle and outlives its connections.
 */
struct tls_curl {
    const struct identity *self;
    struct tls_facts facts;    /* of the newest connection */
    const struct WOLFSSL *ssl; /* whose `io` is; one from before may still be closing */
    struct tls_io *io;
    int fd;     /* of the newest connection */
    int before; /* what `fd` was; an attempt at another address may still be going on */
    bool fresh; /* whose facts tls_curl_look has not taken yet */
    bool asked; /* it carries the request: from here on what breaks is ours */
    struct error err;
};
/*
 * What every CURL * of ours has in common: our TLS policy, HTTPS by HTTP/1.1, no proxy, no
 * redirection, no signal. Whoever answers is let in: in CURLOPT_PREREQFUNCTION, before the
 * first byte of a request, the caller calls tls_curl_look and judges facts.peer.
 */
must_check bool tls_curl_use(struct tls_curl *curl, void *easy);
/* Take the facts of the connection, if it is a new one. What broke before is past. */
must_check bool tls_curl_look(struct tls_curl *curl, void *easy, struct error *err);
/* What these two ask of wolfSSL: a context to prepare, a connection's facts, its bytes by
 * way of our `io` and of no other connection's; then a request goes out over it. */
must_check bool tls_curl_policy(struct tls_curl *curl, void *wolfssl_ctx);
must_check bool tls_curl_connected(struct tls_curl *curl, void *wolfssl);
void tls_curl_take_over(struct tls_curl *curl, void *wolfssl);
void tls_curl_ask(struct tls_curl *curl);
/*
 * From CURLOPT_READFUNCTION, before every piece of a body is handed over: while more
 * follows, records are gathered into large sends; with the last piece everything goes out
 * at once.
 */
void tls_curl_body(struct tls_curl *curl, bool more_follows);
/* From CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION: the peer's records have carried n
 * bytes. Too many that carry nothing (key updates) break the connection: tls_io.h. */
void tls_curl_delivered(struct tls_curl *curl, size_t n);
/* Before every request. Until tls_curl_look nothing counts as broken: libcurl first reads
 * from the connections that it finds dead or too old, to close them. */
void tls_curl_begin(struct tls_curl *curl);
/* Sending or receiving has failed for good, with this errno; 0 while neither has. libcurl
 * takes it for a socket that is full or empty, and would try again and again. */
int tls_curl_broken(const struct tls_curl *curl);
void tls_curl_clear(struct tls_curl *curl);
