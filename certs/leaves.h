/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The leaves of an appliance: one with both uses, or a server leaf and a client leaf over
 * one ladder, because public CAs no longer issue both uses in one certificate. Two leaves
 * vouch for one another: each key signs that both are of the same appliance
 * (docs/protocol.md 2.1).
 */
#pragma once

#include "certs/chain.h"
#include "certs/key.h"
#include "certs/policy.h"

/* The use a leaf is put to; LEAF_BOTH: the only one of its appliance. */
enum leaf_use { LEAF_BOTH, LEAF_SERVER, LEAF_CLIENT };

/* Borrowed. One leaf: the same chain twice, and no vouching. */
struct leaves {
    const struct chain *server;
    const struct chain *client;
    struct span server_vouch; /* for the server leaf, by the client leaf's key */
    struct span client_vouch; /* and the other way round */
};
struct leaves leaves_one(const struct chain *chain);
bool leaves_are_split(const struct leaves *leaves);
/* What is presented in this part of a handshake: the source's is the client's. */
const struct chain *leaves_of_side(const struct leaves *leaves, enum side side);
enum leaf_use leaf_use_of(enum side side);
/* "server", "client"; "" for both. */
const char *leaf_use_name(enum leaf_use use);
/* "server leaf", "client leaf"; NULL for both. */
const char *leaf_use_words(enum leaf_use use);

/*
 * The signature by the key `by`, which is that of the leaf for `use`: both keys are one
 * appliance's. Made where the private key is; no request of a worker is for it, though
 * one that is hijacked can have its hash signed (docs/decisions.md, Two processes).
 */
must_check bool leaf_vouch(struct buf *out, const struct key *by, enum leaf_use use,
                           struct span server_spki, struct span client_spki,
                           struct error *err);

/*
 * Find two leaves in what a file holds: exactly two certificates that are no CA and have
 * issued none of the others, of which one may serve and the other call, and not the other
 * way round as well. `server` and `client` are filled, each leaf before the rest as given.
 * Anything else is one chain: `server` is a copy of it and `client` stays empty.
 */
must_check bool leaves_part(struct chain *server, struct chain *client,
                            const struct chain *given, struct error *err);
/* This leaf over the issuers of the other one's chain, whose first certificate is a leaf.
 */
must_check bool leaves_over(struct chain *out, struct span leaf, const struct chain *other,
                            struct error *err);
/* What leaves_part made, borrowed. */
struct leaves leaves_two(const struct chain *server, const struct chain *client);

/*
 * Add a finding of one of two leaves' chains: at rung 0 it says which, and what was told
 * of the issuers with the other leaf is not told again. NULL: the only leaf.
 */
void leaves_tell(struct report *out, const char *which, const struct error *finding);
/* Rule `leaves`: two of them are accepted by the policy and vouch for one another. */
void leaves_judge(const struct leaves *leaves, enum policy policy, enum occasion occasion,
                  struct report *out);
