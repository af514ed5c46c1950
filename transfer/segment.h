/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One segment at the source: its plain bytes read from the tree and digested. Each file is
 * opened beneath the root and must be the file that was listed, before and after reading.
 */
#pragma once

#include "transfer/manifest_read.h"
#include "transfer/perch.h"

struct segment {
    uint64_t number;
    unsigned char *room;
    unsigned char *at; /* in it: SEGMENT_BYTES, aligned for direct reads and writes */
    size_t n;
    size_t digested; /* bytes of it that the digest has taken, while it is read */
    struct digest digest;
    uint64_t files; /* files whose last byte is in it */
    struct cut cut;
    struct perch perch;
};

void segment_make(struct segment *out);
/* E_FILE_CHANGED names a file that is not as it was listed. */
must_check bool segment_read(struct segment *segment, const struct manifest *manifest,
                             int root, uint64_t number, struct error *err);
void segment_clear(struct segment *segment);
