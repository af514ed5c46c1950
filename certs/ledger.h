/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledger of signing requests: DIR/requests/<id>/ with key.pem (0600), request.pem and
 * meta (lines "created", "purpose", "used"). All are kept until dropped, so that whichever
 * certificate comes back finds its key (T-06). The state's lock is held by who changes it.
 */
#pragma once

#include "certs/csr.h"

#define REQUESTS_DIR "requests"
#define LEDGER_MAX 256
#define LEDGER_ID_MAX 32
#define LEDGER_PURPOSE_MAX 32

struct pending {
    char id[LEDGER_ID_MAX];
    char purpose[LEDGER_PURPOSE_MAX];
    time_t created;
    time_t used; /* 0, or when a certificate for it was last installed */
    struct csr request;
};

struct damaged_request {
    char id[LEDGER_ID_MAX];
    struct error why; /* E_REQUEST_BROKEN, and what it is about */
};

struct ledger {
    struct pending *item; /* n of them, oldest first, on the heap */
    size_t n;
    struct damaged_request *damaged; /* damages of them: they stand in nobody's way */
    size_t damages;
};

/* Read all requests, without their keys. */
must_check bool ledger_load(struct ledger *out, int state, struct error *err);
/* Keep a request and its key, durably; gives its id. */
must_check bool ledger_add(char id[LEDGER_ID_MAX], int state, const struct key *key,
                           struct span request, const char *purpose, time_t now,
                           struct error *err);
/* By public key or by id; NULL when there is none. */
const struct pending *ledger_find_key(const struct ledger *ledger,
                                      const struct digest *spki_sha256);
const struct pending *ledger_find(const struct ledger *ledger, const char *id);
must_check bool ledger_load_key(struct key *out, int state, const struct pending *pending,
                                struct error *err);
must_check bool ledger_mark_used(int state, const struct pending *pending, time_t now,
                                 struct error *err);
/* A damaged one too. */
must_check bool ledger_drop(int state, const char *id, struct error *err);
/* Take away what killed commands left behind, under the state's lock. */
must_check bool ledger_sweep(int state, struct error *err);
/* The text of the request as it was made. */
must_check bool ledger_load_request(struct buf *out, int state, const char *id,
                                    struct error *err);
void ledger_clear(struct ledger *ledger);
