/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One segment at the source: its plain bytes read from the tree and digested. Each file is
 * opened beneath the root and must be the file that was listed, before and after reading.
 */
#pragma once

#include "transfer/changed.h"
#include "transfer/manifest_read.h"
#include "transfer/perch.h"

struct segment {
    uint64_t number;
    unsigned char *at; /* SEGMENT_BYTES, aligned for direct reads and writes */
    size_t n;
    size_t digested; /* bytes of it that the digest has taken, while it is read */
    struct digest digest;
    uint64_t files; /* files whose last byte is in it */
    bool notes;     /* some of it was not as listed: see `changed` */
    struct cut cut;
    struct perch perch;
    struct changed *changed; /* borrowed: where to note such files; NULL: they are errors */
};

void segment_make(struct segment *out);
/* A file that is not as it was listed is noted, and what cannot be read of it is zeros; or
 * E_FILE_CHANGED names it. */
must_check bool segment_read(struct segment *segment, const struct manifest *manifest,
                             int root, uint64_t number, struct error *err);
void segment_clear(struct segment *segment);
