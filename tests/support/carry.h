/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole transfer without a network: what the source reads is handed to the target in the
 * same program. Below a scratch directory lie `from`, `work` and `into`. Whatever fails
 * that should not stops the program.
 */
#pragma once

#include "tests/support/scratch.h"
#include "transfer/receive.h"
#include "transfer/scan.h"
#include "transfer/segment.h"

struct carry {
    struct scratch scratch;
    int from, work, into;
    struct manifest manifest; /* the source's */
    struct segment segment;   /* read last */
    struct receive receive;
    struct report findings;
    enum digest_kind kind;
    bool replaces;          /* into/tree may be there */
    const char *kept;       /* as in struct receive_place */
    unsigned generation;    /* 1; carry_next counts */
    struct scanned scanned; /* by the last carry_list */
};

/* An empty tree; `shell` fills it, running in `from`. */
void carry_make(struct carry *out, const char *shell);
void carry_clear(struct carry *carry);
/* List the tree and take the list up. */
void carry_list(struct carry *carry);
/* receive_open; false with the error. */
bool carry_open(struct carry *carry, struct error *err);
/* Stop the target's part, as a killed process would, and open it again. */
void carry_drop(struct carry *carry);
/* All pages and the sum; list and open before. */
void carry_pages(struct carry *carry);
/* What was read of a segment, as if it had come over the wire. */
bool carry_deliver(struct receive *receive, const struct segment *segment,
                   struct error *err);
bool carry_segment(struct carry *carry, uint64_t number, struct error *err);
/* Those that receive_missing names. */
void carry_missing(struct carry *carry);
/* Roots and receive_seal; false with the error. */
bool carry_seal(struct carry *carry, struct error *err);
/* `shell` changes the tree, which is listed and opened as the next generation. */
void carry_next(struct carry *carry, const char *shell);
/* From list to publication as into/tree. */
void carry_all(struct carry *carry);
/* rsync finds no difference between from/ and into/tree/, contents by checksum. */
bool carry_is_same(const struct carry *carry);
