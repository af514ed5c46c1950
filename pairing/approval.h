/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Approval by the target's operator: both screens show a short code that only the two ends
 * of one connection have in common, and a person compares them. A row per pairing that
 * waits; what may become of it is a table. A row belongs to one connection: after that has
 * ended nobody can be approved by it.
 */
#pragma once

#include "base/db.h"
#include "base/digest.h"
#include "pairing/grant.h"
#include "pairing/pair.h"

#include <time.h>

#define PAIRING_ID_MAX 12     /* "p-" and 8 characters */
#define APPROVAL_CODE_MAX 10  /* "XXXX-XXXX" and NUL: 40 bits */
#define PAIRING_SECONDS 86400 /* until somebody has decided */
#define PAIRING_HEARTBEAT_SECONDS 10
#define PAIRING_SILENCE_SECONDS 45       /* then the source has gone */
#define PAIRINGS_MAX 32                  /* waiting at once */
#define PAIRING_KEEP_SECONDS (7 * 86400) /* what was decided stays in the list */
#define PAIRING_ADDRESS_MAX 64

/*
 * HKDF-SHA-256 of the exporter value over both nonces and both leaf keys, all four when a
 * side has two leaves, in Crockford's base32. Only after the conversation has agreed: the
 * target's nonce was committed to before it saw the source's, so a man in the middle cannot
 * try values until two codes are equal.
 */
void approval_code(char out[APPROVAL_CODE_MAX], const struct pair *pair);

enum pairing_state {
    PAIRING_PENDING,
    PAIRING_APPROVED, /* the source has not heard of it yet */
    PAIRING_GRANTED,  /* for ever, like the rest */
    PAIRING_DENIED,
    PAIRING_EXPIRED,
    PAIRING_GONE
};
#define PAIRING_STATES 6
enum pairing_event {
    PAIRING_APPROVE,
    PAIRING_DENY,
    PAIRING_COLLECT, /* the waiting connection asks */
    PAIRING_TIME_OUT,
    PAIRING_LEAVE /* its connection has ended, or the same source began another */
};
#define PAIRING_EVENTS 5
const char *pairing_state_name(enum pairing_state state);
/* False: this cannot happen in that state. */
bool pairing_move(enum pairing_state *state, enum pairing_event event);

/* What the operator decides by. */
struct pairing_view {
    char code[APPROVAL_CODE_MAX];
    char address[PAIRING_ADDRESS_MAX];
    unsigned rungs;    /* of the source's chain */
    unsigned warnings; /* of both verdicts */
};

struct pairing {
    char id[PAIRING_ID_MAX];
    enum pairing_state state;
    struct digest client_key;
    char peer[PEER_NAME_MAX]; /* printable */
    char name[256];           /* of the directory to be published */
    struct pairing_view view;
    time_t created, expires, seen;
    char grant_id[GRANT_ID_MAX]; /* once granted */
};

/* Names the one connection that may collect. */
void pairing_channel(struct digest *out, const unsigned char *exporter);

/*
 * The waiting connection asks: makes the row when there is none, and renews its life. Older
 * ones of the same key that nobody has decided leave. E_PAIRING_DENIED, _EXPIRED, _GONE
 * when that is so; E_BUSY beyond PAIRINGS_MAX. `out` comes with client_key, peer, name and
 * view.
 */
must_check bool pairing_ask(struct pairing *out, struct db *db,
                            const struct digest *channel, time_t now, struct error *err);
/* In one transaction: from approved to granted, and the grant stored. */
must_check bool pairing_collect(const struct pairing *pairing, struct db *db,
                                const struct grant *grant, time_t now, struct error *err);
/* Its connection has ended. */
must_check bool pairing_leave(struct db *db, const struct digest *channel, time_t now,
                              struct error *err);

/* The operator: approve or deny. E_PAIRING_UNKNOWN, _DECIDED, _EXPIRED, _GONE. */
must_check bool pairing_decide(struct db *db, const char *id, bool approve, time_t now,
                               struct error *err);
must_check bool pairing_load(struct pairing *out, struct db *db, const char *id,
                             struct error *err);
/* Newest first, through a query the caller steps. */
must_check bool pairing_list(struct query *out, struct db *db, struct error *err);
must_check bool pairing_read(struct pairing *out, const struct query *row,
                             struct error *err);
/* Those whose time is over or whose source has gone; old ones are forgotten. */
must_check bool pairing_sweep(struct db *db, time_t now, struct error *err);
