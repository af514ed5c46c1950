/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection of the peer port: its thread, its conversation, what it may do. */
#pragma once

#include "agent/door.h"
#include "agent/events.h"
#include "agent/http.h"
#include "agent/migrations.h"
#include "agent/parked.h"
#include "agent/witness.h"
#include "pairing/pair.h"
#include "transfer/compress.h"

#include <limits.h>
#include <stdatomic.h>

#define PEER_PATIENCE_MS 15000 /* an answer waits this long for a hook */

/* What all connections share. Read-only but for what locks itself. */
struct service {
    struct worker *worker;
    struct migrations migrations;
    struct door door;
    struct parked parked;
    struct events events;
    struct witness witness;
    enum policy policy;
    struct demands demands;
    bool once;           /* end after the first committed migration */
    bool nowhere;        /* receive and verify, store and publish nothing */
    char into[PATH_MAX]; /* absolute */
    atomic_bool stop;
    _Atomic uint64_t connections; /* numbers them */
};

/* How the contents of the migration are digested, once that is known. */
struct contents {
    bool known;
    enum digest_kind kind;
};

struct peer {
    struct service *service;
    struct credentials *own; /* with which it began, whatever has changed since */
    struct tls tls;
    struct http http;
    struct expander expander;
    struct contents contents;
    uint64_t number;
    char address[ADDRESS_TEXT_MAX]; /* with the port */
    char host[ORIGIN_HOST_MAX];     /* without; of IPv6 the /64 it is from */
    size_t seat;                    /* while it has a thread */
    unsigned requests;              /* served before it was admitted */
    struct pair pair;               /* this connection's conversation, at most one */
    bool paired;                    /* a conversation was begun */
    bool waits;                     /* for the operator to approve */
    bool attempt_told;              /* the conversation is in the record */
    struct error broken;            /* what broke it */
    bool admitted;                  /* it has shown a grant, or was given one */
    bool reaches_anchor;            /* found out once, with the grant */
    struct grant grant; /* of the migration in the request, fresh for every request */
};

/* What a handler answers. */
struct answer {
    int status;
    struct buf json;
    bool last; /* close after this */
};

/* The words of a path that a pattern leaves open. */
struct route_words {
    char text[MIGRATION_ID_MAX];
    uint64_t number[2];
};

/* One request and its answer. */
struct visit {
    struct peer *peer;
    struct http_message request;
    struct route_words words;
    struct answer answer;
    struct digest_run run; /* over a body with a digest as it arrives */
    struct digest had;     /* which it was found to have, with `seen` */
    bool seen;
};

enum caller {
    ANY_PEER,
    GRANTED_PEER,
    PARTY,         /* the migration's key, whatever has expired or was revoked */
    PARTY_DECIDED, /* that from `committing` on, before it a granted peer */
};

struct peer_route {
    const char *method;
    const char *pattern; /* {id} a word, {n} a number */
    enum caller caller;
    size_t body_max;
    bool (*handle)(struct visit *visit, struct error *err);
};

/* An accepted socket. */
struct caller_id {
    int socket;
    char address[ADDRESS_TEXT_MAX]; /* with the port */
    char host[ORIGIN_HOST_MAX];     /* without; of IPv6 the /64 it is from */
};
/* Hand-shake; NULL when it was turned away. `seat` is that of the door. */
struct peer *peer_begin(struct service *service, const struct caller_id *who, size_t seat);
/* Serve it until it is over (false), or until it waits for a person (true). */
bool peer_serve(struct peer *peer);
void peer_end(struct peer *peer);
/* So long the thread of a connection waits, or until the service ends. */
void peer_pause(const struct service *service, unsigned seconds);
/* Into the record, once the conversation has come to an end or `over` the connection. */
void peer_witness(struct peer *peer, bool over);
/* The peer's leaf. */
const struct cert *peer_leaf(const struct peer *peer);

/* When the verdict is all that is left to say: judge and sign while the source does. */
void peer_prepare(struct peer *peer);
/* We have newer credentials by now than those of its connection. */
bool peer_is_outdated(struct peer *peer);
/* It has a grant: no stranger to the door from now on. */
void peer_admit(struct peer *peer);
/* The operator hears of it, as of a connection that is refused. */
void peer_tell_refusal(struct peer *peer, const struct error *why);

/* Handlers: peer_pairing.c, peer_transfer.c and peer_handover.c. */
bool peer_hello(struct visit *visit, struct error *err);
bool peer_nonce(struct visit *visit, struct error *err);
bool peer_verdict(struct visit *visit, struct error *err);
bool peer_authorize(struct visit *visit, struct error *err);
bool peer_status(struct visit *visit, struct error *err);
bool peer_page(struct visit *visit, struct error *err);
bool peer_manifest(struct visit *visit, struct error *err);
bool peer_missing(struct visit *visit, struct error *err);
bool peer_segment(struct visit *visit, struct error *err);
bool peer_offer(struct visit *visit, struct error *err);
bool peer_nowhere(struct visit *visit, struct error *err);
bool peer_freeze(struct visit *visit, struct error *err);
bool peer_seal(struct visit *visit, struct error *err);
bool peer_commit(struct visit *visit, struct error *err);
bool peer_countersign(struct visit *visit, struct error *err);
bool peer_abort(struct visit *visit, struct error *err);
bool peer_outcome(struct visit *visit, struct error *err);
