/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The source: bring a listed tree to the granted peer. Each function can be repeated after
 * any failure; what the peer has is not sent again. The agent records each state on disk
 * between the calls.
 */
#pragma once

#include "transfer/changed.h"
#include "transfer/compress.h"
#include "transfer/digests.h"
#include "transfer/handover.h"
#include "transfer/manifest.h"
#include "transfer/put.h"
#include "transfer/receipt.h"

#include <pthread.h>

#define STREAMS_MAX 16
#define SEND_TRIES                                                                         \
    8 /* of one request in a row that nobody watches, or that arrives damaged */

/* Read by the agent's thread while send_tree runs. */
struct progress {
    _Atomic uint64_t bytes;   /* plain, accepted in this run */
    _Atomic uint64_t passing; /* plain, handed to a connection and not answered yet */
    _Atomic uint64_t spared;  /* of those accepted, not sent: the target had them */
    _Atomic uint64_t segments;
    _Atomic uint64_t files;       /* whose last byte was among them */
    _Atomic uint64_t retries;     /* requests tried again */
    _Atomic uint64_t bytes_total; /* of this run; 0 until known */
};

/* How it goes with the target, for somebody who watches; outlives the send it is lent to.
 */
struct contact {
    _Atomic uint64_t answers; /* requests that were answered */
    _Atomic uint64_t retries; /* requests that were tried again */
    atomic_bool weary;        /* set by the watcher: nothing is tried again */
    pthread_mutex_t lock;     /* of the next */
    struct error trouble;     /* why a request was tried again, the newest */
};

struct send {
    int work; /* borrowed: the migration's work directory in the state */
    int root; /* borrowed: the tree */
    struct manifest manifest;
    struct digests digests;
    struct changed changed; /* files that were not as listed when they were read */
    unsigned streams;
    enum compress compress;
    bool nowhere; /* the target verifies the segments and drops them */
    struct route route;
    char base[128]; /* "/pairgate/v1/migrations/<id>" */
    struct progress progress;
    bool offers;             /* as the target says */
    bool insists;            /* on that, in the first generation */
    struct put *line;        /* lent: one connection for the questions, see send_line */
    struct contact *contact; /* or NULL: nobody watches, and SEND_TRIES must do */
};

/* Take up a listed tree (transfer/scan.h). `route` is borrowed as put_open says. */
must_check bool send_open(struct send *out, int work, int root, unsigned generation,
                          enum digest_kind kind, struct error *err);
/* Pages, manifest, segments: returns when the target has them all. */
must_check bool send_tree(const struct grant *grant, struct send *send, struct error *err);
/* The contents root; segments whose digest is unknown are read again. */
must_check bool send_contents_root(struct send *send, struct digest *out,
                                   struct error *err);

/* Our file of digests is not to be relied on: send_contents_root reads everything again. */
must_check bool send_forget_digests(struct send *send, struct error *err);

/* What the target says about the migration. */
struct send_status {
    char state[24];
    unsigned generation;
    uint64_t epoch;
    uint64_t pages;
    struct digest pages_root; /* over the digests of those */
    bool closed;
    uint64_t segments;
    uint64_t received;
    uint64_t durable;
    bool offers; /* the target has something to compare segments with */
};
/* The handover, in this order; each may be repeated. All of it is asked on send->line. */
must_check bool send_freeze(const struct grant *grant, struct send *send,
                            const struct signed_text *statement, struct error *err);
must_check bool send_seal(const struct grant *grant, struct send *send,
                          const struct handover_terms *terms, struct error *err);
must_check bool send_commit(const struct grant *grant, struct send *send,
                            const struct handover_terms *terms, struct signed_text *receipt,
                            struct error *err);
must_check bool send_countersign(const struct grant *grant, struct send *send,
                                 struct span signature, struct error *err);
/* What it came to: *kind is SIGNED_RECEIPT or SIGNED_ABORT. E_STATEMENT_NONE while nothing
 * is decided. `target` gets the chain of the connection, whatever was answered. */
must_check bool send_outcome(const struct grant *grant, struct send *send,
                             enum signed_kind *kind, struct signed_text *out,
                             struct chain *target, struct error *err);
/* The target's signed abort statement. */
must_check bool send_abort(const struct grant *grant, struct send *send,
                           struct signed_text *statement, struct error *err);
void send_close(struct send *send);
