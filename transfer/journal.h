/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments that are durable at the target, as rows of the supervisor's database: one row a
 * run of neighbours with their digests, one transaction a batch.
 */
#pragma once

#include "base/db.h"
#include "base/digest.h"
#include "base/error.h"

#include <stdint.h>

#define BATCH_MAX 4096         /* segments in one batch */
#define BATCH_BYTES (64 << 20) /* flush when this much has been received … */
#define BATCH_SECONDS 1        /* … or this long ago */

struct finished {
    uint64_t segment;
    struct digest digest;
};
struct batch {
    unsigned generation;
    struct finished *item; /* n of them, ascending, on the heap */
    size_t n;
};
void batch_clear(struct batch *batch);

must_check bool journal_record(struct db *db, const char *migration,
                               const struct batch *batch, struct error *err);
/* The durable segments from `from` on, at most BATCH_MAX; n = 0 at the end. A segment
 * recorded twice comes once. */
must_check bool journal_load(struct batch *out, struct db *db, const char *migration,
                             unsigned generation, uint64_t from, struct error *err);
must_check bool journal_forget(struct db *db, const char *migration, struct error *err);
