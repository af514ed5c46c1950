/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The digest of every segment, in a file: 32 bytes each, zero while unknown. Both sides
 * keep one, and the contents root is the digest over all of them in order. Safe for many
 * threads.
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <stdint.h>

struct digests {
    int fd; /* counts only with `opened` */
    bool opened;
};

/* The file of a generation that nobody has open; none is no error. */
must_check bool digests_remove(int dir, unsigned generation, struct error *err);
must_check bool digests_open(struct digests *out, int dir, unsigned generation,
                             struct error *err);
must_check bool digests_put(struct digests *digests, uint64_t segment,
                            const struct digest *digest, struct error *err);
/* *known is false where nothing has been put. */
must_check bool digests_get(const struct digests *digests, uint64_t segment,
                            struct digest *out, bool *known, struct error *err);
/* The contents root of `segments` segments; *missing is the first unknown one, or
 * `segments` when there is none (then *out counts). */
must_check bool digests_root(const struct digests *digests, uint64_t segments,
                             enum digest_kind kind, struct digest *out, uint64_t *missing,
                             struct error *err);
/* Nothing has been put. */
must_check bool digests_forget(struct digests *digests, struct error *err);
void digests_close(struct digests *digests);
