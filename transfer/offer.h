/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A segment offered by the digests of its pieces, for a target that has something to
 * compare with: it says which pieces it wants, and the offer is repeated with those
 * (docs/protocol.md 6).
 */
#pragma once

#include "transfer/receive.h"
#include "transfer/segment.h"

#define OFFER_PIECES_MAX 16384U /* a segment of more is sent whole */
#define OFFER_BYTES_MAX                                                                    \
    (SEGMENT_BYTES - SEGMENT_BYTES / 4) /* given in one; a segment that lacks more is sent \
                                           whole */

/* Read: all spans borrow from the body. */
struct offer {
    struct digest segment;
    uint32_t pieces;
    struct span digests; /* of the pieces */
    uint32_t ranges;
    struct span given; /* the ranges of pieces whose bytes come with it */
    struct span bytes;
};
must_check bool offer_read(struct offer *out, struct span body, struct error *err);
void offer_digest(const struct offer *offer, uint32_t piece, struct digest *out);
/* The pieces come in order: is this one given? `at` begins with 0 and moves on. */
bool offer_gives(const struct offer *offer, uint32_t piece, uint32_t *at);

/* Written by the source for a segment that has been read. */
struct offer_sheet {
    struct buf body;
    size_t *at; /* where each of the pieces begins, and at[pieces] the end */
    uint32_t pieces;
    bool fits; /* few enough pieces */
};
must_check bool offer_write(struct offer_sheet *out, struct segment *segment,
                            const struct manifest *manifest, struct error *err);
/* The same with what is wanted; *fits is false when it had better be sent whole. */
must_check bool offer_give(struct offer_sheet *sheet, const struct segment *segment,
                           const struct ranges *wanted, bool *fits, struct error *err);
void offer_sheet_clear(struct offer_sheet *sheet);
