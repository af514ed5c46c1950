/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One connection to the granted peer, as a libcurl handle of its own. The peer's key and
 * chain are judged by the grant after every handshake and before the first byte of a
 * request; without a grant no connection can be opened. A struct put belongs to one thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "pairing/grant.h"
#include "pairing/tls.h"
#include "transfer/arrival.h"
#include "transfer/pace.h"
#include "transfer/passing.h"

#include <stdatomic.h>

#define PUT_CONNECT_SECONDS 10
#define PUT_STALL_SECONDS 30     /* of silence in a transfer */
#define PUT_PATIENCE_SECONDS 900 /* for an answer that needs work: seal, commit */
#define REPLY_BYTES_MAX (1U << 20)
#define ENDPOINT_HOST_MAX 256
#define ENDPOINT_PORT_MAX 8

struct endpoint {
    char host[ENDPOINT_HOST_MAX]; /* name, IPv4 or IPv6 without brackets */
    char port[ENDPOINT_PORT_MAX];
};

/* How to reach the peer, the same for all streams. Borrowed until put_close. */
struct route {
    const struct endpoint *peer;
    const struct identity *self;
    const struct trust *trust;
    const _Atomic int64_t *clock; /* seconds since 1970, ticked by the agent */
    const atomic_bool *stop;      /* or NULL: gives up at once when it becomes true */
    const atomic_bool *halt;      /* or NULL: another reason to */
    struct pace *pace;            /* or NULL: as fast as it goes */
    bool by_key; /* the grant's key alone is judged: for what a migration came to */
};

struct put {
    void *curl; /* CURL * */
    const struct grant *grant;
    struct route route;
    struct tls_curl *tls; /* on the heap: libcurl keeps its address */
    struct error refused; /* why a callback stopped the connection */
    int64_t judged;       /* when the connection was judged last */
    struct span body;
    size_t sent;
    struct passing passing;
    struct arrival arrival;
    char trouble[256]; /* libcurl's own words */
};

enum body_kind { BODY_NONE, BODY_BYTES, BODY_JSON };

struct request {
    const char *method; /* "GET", "PUT", "POST" */
    const char *path;   /* absolute */
    enum body_kind kind;
    struct span body;
    const struct digest *digest; /* Pairgate-Digest, or NULL */
    size_t plain;                /* the body is zstd of so many bytes; 0: it is as it is */
    int patience;                /* seconds of silence; 0: PUT_STALL_SECONDS */
    _Atomic uint64_t
        *passing; /* or NULL: gets what is under way of the body, as plain bytes */
};

struct reply {
    int status;
    struct buf body;
    bool repeated; /* it answers another try than the first */
};
struct reply reply_none(void);
void reply_clear(struct reply *reply);

/* libcurl asks base/mem.h from now on. Once, after wolf_use_mem and before any thread. */
must_check bool put_use_mem(struct error *err);

must_check bool put_open(struct put *out, const struct grant *grant,
                         const struct route *route, struct error *err);
/*
 * Send and wait for the answer. True only for a 2xx; a JSON finding in any other answer is
 * the error. *again (never NULL) is true when trying once more may help: the network, or a
 * peer that is busy.
 */
must_check bool put_request(struct put *put, const struct request *request,
                            struct reply *out, bool *again, struct error *err);
/* The requests that follow are asked by these, which have the same identity of ours; the
 * connection is kept, and judged again. */
void put_reroute(struct put *put, const struct grant *grant, const struct route *route);
/* The route's `stop` or `halt` is set. */
bool put_is_stopped(const struct put *put);
/* Facts of the newest connection, for the receipt. */
const struct tls_facts *put_facts(const struct put *put);
void put_close(struct put *put);
