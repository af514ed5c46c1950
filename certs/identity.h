/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this appliance is: a key and a chain, in DIR/identity/<n>/ (key.pem 0600, chain.pem,
 * anchor.pem when the root became an anchor, reason, and `seen` once a handshake succeeded
 * with it). When it has two leaves these are the server's, and client-key.pem,
 * client-chain.pem and vouch stand beside them (certs/leaves.h). The link `current` -> <n>
 * is the one commit point: before it moves the old identity holds, after it the new one,
 * whole, its anchor included. identity/change tells the last change and its epoch;
 * identity/rollback, while it is there, which identity comes back and when, unless it is
 * confirmed. Whoever changes identities holds the state's lock.
 */
#pragma once

#include "certs/chain.h"
#include "certs/key.h"
#include "certs/leaves.h"

#define IDENTITY_DIR "identity"
#define IDENTITY_REASON_MAX 128
#define IDENTITY_PURPOSE_MAX 32
#define IDENTITIES_MAX 1024 /* backups listed */

enum identity_origin { IDENTITY_SELF_SIGNED, IDENTITY_CHAIN, IDENTITY_SINGLE };

struct identity {
    unsigned number;   /* n of identity/<n> */
    unsigned previous; /* the one that was current before it; 0 when there was none */
    unsigned epoch;    /* of the change that made it current; 0 in very old ones */
    time_t made;       /* 0 in very old ones */
    time_t seen;       /* the first successful handshake; 0 before */
    enum identity_origin origin;
    bool imported;             /* its key came with it: T-06 */
    struct key key;            /* without its private part unless asked for */
    struct chain chain;        /* leaf first */
    struct key client_key;     /* of the client leaf, when there are two; else */
    struct chain client_chain; /* empty, and `key` and `chain` have both uses */
    struct buf server_vouch;   /* of one leaf for the other; as struct leaves */
    struct buf client_vouch;
    char reason[IDENTITY_REASON_MAX];   /* "init", "chain upload" … */
    char purpose[IDENTITY_PURPOSE_MAX]; /* of the request it answers, or empty */
};

/* Load the current identity. `with_key`: the private key too, refused when others can read
 * it, decrypted when it is stored so (certs/sealed.h). */
must_check bool identity_load(struct identity *out, int state, bool with_key,
                              struct error *err);
/* The same for any number; `with_key` as above. */
must_check bool identity_load_number(struct identity *out, int state, unsigned number,
                                     bool with_key, struct error *err);

/* What it presents and signs with in that use. */
bool identity_is_split(const struct identity *identity);
const struct key *identity_key(const struct identity *identity, enum leaf_use use);
const struct chain *identity_chain(const struct identity *identity, enum leaf_use use);
struct leaves identity_leaves(const struct identity *identity);

/* What an identity is made of. Borrowed. */
struct identity_parts {
    const struct key *key;
    const struct chain *chain;
    const struct key *client_key;     /* NULL, or those of a client leaf beside a server */
    const struct chain *client_chain; /* leaf; the private keys are here */
    enum identity_origin origin;
};
/* Why, when and for how long an identity becomes current. */
struct identity_change {
    const char *reason;
    const char *purpose; /* or NULL */
    bool imported;
    time_t now;
    time_t deadline; /* 0, or when the old one comes back unless confirmed */
};
/*
 * Write a complete new identity aside, then move `current` to it. Gives its number. Each
 * leaf must have its key; two of them are made to vouch for one another. IDENTITY_CHAIN
 * makes the last certificate an anchor, which trust_load sees for as long as this identity
 * is current.
 */
must_check bool identity_make(unsigned *number, int state,
                              const struct identity_parts *parts,
                              const struct identity_change *change, struct error *err);
/* The same with one leaf, a reason and nothing more. */
must_check bool identity_install(unsigned *number, int state, const struct key *key,
                                 const struct chain *chain, enum identity_origin origin,
                                 const char *reason, struct error *err);
/* Make an older identity current again; `number` 0 means the one before (chain undo). */
must_check bool identity_return(int state, unsigned number,
                                const struct identity_change *change, struct error *err);
must_check bool identity_restore(int state, unsigned number, struct error *err);

/* The change that has to be confirmed. */
struct identity_rollback {
    bool pending;
    unsigned number; /* what is current now */
    unsigned back;   /* what was, and will be */
    time_t deadline;
};
must_check bool identity_rollback_read(struct identity_rollback *out, int state,
                                       struct error *err);
/* Keep what is current. */
must_check bool identity_confirm(int state, struct error *err);
/* Go back now. */
must_check bool identity_roll_back(int state, const struct identity_rollback *rollback,
                                   time_t now, struct error *err);

/* Every identity on disk without its key, newest first; damaged ones have no chain. */
struct identities {
    struct identity *item; /* n of them, on the heap */
    size_t n;
};
must_check bool identities_load(struct identities *out, int state, struct error *err);
void identities_clear(struct identities *identities);
/* Remove all but the current one and the `keep` newest others. Refused (E_IDENTITY_UNSEEN)
 * until the current one has been seen: T-42. */
must_check bool identity_prune(size_t *removed, int state, size_t keep, struct error *err);
/*
 * A handshake with this identity succeeded. Durable; only the first time writes, so it may
 * be called for each. Needs no lock.
 */
must_check bool identity_mark_seen(int state, unsigned number, time_t now,
                                   struct error *err);
/* Take away what killed commands left behind, under the state's lock. */
must_check bool identity_sweep(int state, struct error *err);

/* "self-signed", "chain", "single". */
const char *identity_origin_name(enum identity_origin origin);
void identity_clear(struct identity *identity);
