/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a tree has that does not move, counted by kind: the source tells it with the sum of
 * a manifest, the target keeps it beside the pages, and both sign it in the receipt.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "transfer/table_json.h"

#include <stdint.h>

struct left_behind {
    bool told; /* false: nobody said */
    uint64_t sockets;
    uint64_t pipes;
    uint64_t devices;
    uint64_t skipped; /* unreadable, and to be skipped */
};
bool left_behind_equal(const struct left_behind *a, const struct left_behind *b);
/* Anything at all. */
bool left_behind_any(const struct left_behind *left);

/* On disk: nothing when nobody said, else four u64. Decoding is false for any other length.
 */
must_check bool left_behind_encode(struct buf *out, const struct left_behind *left,
                                   struct error *err);
must_check bool left_behind_decode(struct left_behind *out, struct span bytes);
/* As JSON, for AS_MAYBE. */
extern const struct field_row left_behind_fields[];
