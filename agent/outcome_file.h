/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a migration came to, as a file that can be carried and kept: the target's signed
 * receipt or abort notice, the source's signature, both chains, and the body once more for
 * people to read. With an anchor it can be verified anywhere, years later
 * (docs/protocol.md 8).
 */
#pragma once

#include "base/db.h"
#include "transfer/receipt.h"

#define OUTCOME_FILE_MAX (1U << 20)

struct outcome_file {
    enum signed_kind kind; /* SIGNED_RECEIPT or SIGNED_ABORT */
    struct signed_text text;
    struct buf countersignature; /* of a receipt; empty while there is none */
    struct buf source_chain;     /* chain_pack; empty when it was not kept */
    struct buf target_chain;
    struct buf shown; /* the JSON that is shown beside the body, or empty */
};
struct outcome_file outcome_file_none(void);
void outcome_file_clear(struct outcome_file *file);

/* What is kept of this migration; E_STATEMENT_NONE while nothing is decided. */
must_check bool outcome_file_load(struct outcome_file *out, struct db *db, const char *id,
                                  struct error *err);
must_check bool outcome_file_write(struct buf *out, const struct outcome_file *file,
                                   struct error *err);
/* Only its form is checked. Of the fields all but the signed text may be missing. */
must_check bool outcome_file_read(struct outcome_file *out, struct span text,
                                  struct error *err);
/* Body and what is shown beside it say the same; each field that differs is a finding of
 * that name. */
void outcome_file_compare(const struct outcome_file *file, struct report *findings);
