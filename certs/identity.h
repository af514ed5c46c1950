/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this appliance is: a key and a chain, in DIR/identity/<n>/ (key.pem 0600, chain.pem,
 * anchor.pem when the root became an anchor, reason). The link `current` -> <n> is the one
 * commit point: before it moves the old identity holds, after it the new one, whole, its
 * anchor included. Whoever changes identities holds the state's lock.
 */
#pragma once

#include "certs/chain.h"
#include "certs/key.h"

#define IDENTITY_DIR "identity"
#define IDENTITY_REASON_MAX 128

enum identity_origin { IDENTITY_SELF_SIGNED, IDENTITY_CHAIN, IDENTITY_SINGLE };

struct identity {
    unsigned number;   /* n of identity/<n> */
    unsigned previous; /* the one that was current before it; 0 when there was none */
    enum identity_origin origin;
    struct key key;                   /* without its private part unless asked for */
    struct chain chain;               /* leaf first */
    char reason[IDENTITY_REASON_MAX]; /* "init", "chain upload" … */
};

/* Load the current identity. `with_key`: the private key too, refused when others can read
 * it. */
must_check bool identity_load(struct identity *out, int state, bool with_key,
                              struct error *err);
/*
 * Write a complete new identity aside, then move `current` to it. Gives its number. The
 * leaf must have this key. IDENTITY_CHAIN makes the last certificate an anchor, which
 * trust_load sees for as long as this identity is current.
 */
must_check bool identity_install(unsigned *number, int state, const struct key *key,
                                 const struct chain *chain, enum identity_origin origin,
                                 const char *reason, struct error *err);
/* Make an older identity current again (chain undo): `number` 0 means the one before. */
must_check bool identity_restore(int state, unsigned number, struct error *err);
/* "self-signed", "chain", "single". */
const char *identity_origin_name(enum identity_origin origin);
void identity_clear(struct identity *identity);
