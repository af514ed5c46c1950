/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An uploaded file becomes this appliance's chain, or its single certificate, or is refused
 * with every finding and nothing changed. The same for the command and for REST.
 */
#pragma once

#include "agent/state.h"
#include "certs/ledger.h"
#include "certs/rules.h"

struct upload_wish {
    enum occasion occasion; /* OCCASION_UPLOAD or OCCASION_SINGLE */
    enum policy policy;
    time_t now;          /* when it is judged */
    time_t made;         /* when it is made: the wall clock */
    bool confirm_anchor; /* a root of a known name with another key is meant */
    time_t deadline;     /* 0, or when it goes back unless confirmed */
    /* Further files of the same upload; what comes in several files comes in any order. */
    const struct span *more;
    size_t mores;
    const char *const *name; /* of all 1 + mores, for findings; unused with one file */
    enum leaf_use
        renews; /* LEAF_BOTH: all of it; else one of two leaves, the other stays */
    const struct chain
        *other; /* upload_judge: a chain that belongs to it besides, or NULL */
};

/* The request that a leaf answers. */
struct upload_answer {
    char request[LEDGER_ID_MAX]; /* or empty */
    time_t requested;            /* when that was made */
    char purpose[LEDGER_PURPOSE_MAX];
};

struct upload {
    struct chain given;  /* as in the file, as far as it could be read */
    struct chain sorted; /* its path, leaf first; of the server leaf when there are two */
    struct chain client; /* the path of the client leaf then, else empty */
    struct report report;
    enum policy policy;
    bool accepted;
    unsigned number; /* of the identity it became; 0 when refused */
    bool unchanged;  /* it is this appliance's chain already */
    struct upload_answer answer, client_answer;
};
struct leaves upload_leaves(const struct upload *upload);

/* The keys that may have asked for a leaf: n SubjectPublicKeyInfo, borrowed. */
struct upload_keys {
    const struct span *spki;
    size_t n;
};
/* The file under the rules; `keys` NULL leaves request-key out. */
must_check bool upload_judge(struct upload *out, struct span file,
                             const struct upload_wish *wish, const struct upload_keys *keys,
                             struct error *err);
/* Judge it against all pending requests and the active identity; when accepted, install
 * it. The state's lock is held. False only when something could not be done. */
must_check bool upload_install(struct upload *out, const struct state *state,
                               struct span file, const struct upload_wish *wish,
                               struct error *err);
/* The same for certificates that bring their own keys, one for each leaf, in any order:
 * `out->given` holds them. */
must_check bool upload_import(struct upload *out, const struct state *state,
                              const struct key keys[2], const struct upload_wish *wish,
                              const char *purpose, struct error *err);
void upload_clear(struct upload *upload);
