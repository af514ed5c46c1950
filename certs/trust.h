/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trust anchors: the root of our own uploaded chain (identity/current/anchor.pem) and those
 * imported, one PEM file each in DIR/trust/anchors/<sha256>.pem, that an administrator can
 * look at. A peer's chain must verify to one of these keys.
 */
#pragma once

#include "certs/chain.h"

#define ANCHORS_MAX 1024

struct entry;

struct trust {
    struct chain anchors; /* no certificate twice */
    size_t imported;      /* the first so many are imported; the rest is our own root */
};

/* Read every anchor of the state directory (descriptor `state`). */
must_check bool trust_load(struct trust *out, int state, struct error *err);
/* Import one anchor, durably; again is no error. A name that is already there with another
 * key is refused (E_ANCHOR_TWIN) unless `confirmed`. */
must_check bool trust_add(int state, const struct cert *anchor, bool confirmed,
                          struct error *err);
/* The check of trust_add alone, for a root about to be uploaded. */
must_check bool trust_admits(const struct trust *trust, const struct cert *anchor,
                             bool confirmed, struct error *err);
/* The same under an alias: `entry` is one of TRUSTED_ROOTS (certs/store.h). */
must_check bool trust_import(int state, const struct entry *entry, bool confirmed,
                             struct error *err);
/* A self-signed CA whose times are times (M-05). */
must_check bool trust_may_anchor(const struct cert *cert, struct error *err);
/* An imported anchor, and not the last one. That of our own chain goes with the chain. Who
 * depends on it is for agent/dependents.h to say; certs/tomb.h removes it. */
must_check bool trust_may_remove(const struct trust *trust, const struct digest *sha256,
                                 struct error *err);
/* The anchor with this public key, or NULL. */
const struct cert *trust_find_key(const struct trust *trust,
                                  const struct digest *spki_sha256);
/* The anchor that is this certificate, or NULL. */
const struct cert *trust_find(const struct trust *trust, const struct digest *sha256);
void trust_clear(struct trust *trust);
