/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one appliance is and whom it believes, as one value that never changes: its
 * identity, its anchors, its revocation lists. The supervisor loads it from the state
 * directory and hands it to the worker, without the private key, as one string of bytes;
 * both are one program, so that form has no version.
 */
#pragma once

#include "certs/crl_store.h"
#include "certs/identity.h"
#include "certs/trust.h"

#define CREDENTIALS_BYTES_MAX (64U << 20)

struct credentials {
    unsigned version; /* one more with each change; 0: none */
    unsigned users;   /* in a worker: connections that began with it (agent/worker.h) */
    struct identity identity;
    struct trust trust;
    struct held_crls crls;
};

/* From the state directory, with the private key. */
must_check bool credentials_load(struct credentials *out, int state, struct error *err);
/* Append it, without the private key; E_TOO_LARGE beyond out's ceiling. */
must_check bool credentials_pack(struct buf *out, const struct credentials *from,
                                 struct error *err);
/* Fill an empty one: number, chains, vouching and public keys of its identity, anchors,
 * lists. */
must_check bool credentials_unpack(struct credentials *out, struct span packed,
                                   struct error *err);
void credentials_clear(struct credentials *credentials);
