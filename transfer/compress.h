/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments made smaller on the way (Zstandard, RFC 8878) where that is sooner there. The
 * source decides for each segment by a sample of it and by what link and processor were
 * seen to do; what the target expands cannot be larger than announced.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

#include <stdint.h>

enum compress { COMPRESS_AUTO, COMPRESS_NEVER, COMPRESS_ALWAYS };

/* "auto", "never", "always"; and back (false when it is none of them). */
const char *compress_name(enum compress how);
bool compress_named(enum compress *out, const char *name);

/* Of one stream. Zero but for `how` and `streams` to begin with. */
struct compressor {
    enum compress how;
    unsigned streams;    /* that share the link */
    void *context;       /* ZSTD_CCtx *, made when first needed, like the room */
    unsigned char *room; /* SEGMENT_BYTES */
    double link;         /* bytes a second of this stream on the wire; 0: not known yet */
    double speed;        /* plain bytes a second that are compressed; 0: not known yet */
    unsigned doubts;     /* samples in a row that did not pay */
    unsigned skip;       /* segments that go as they are before the next sample */
};
/* What to send for at most SEGMENT_BYTES of `plain`, valid until the next one; empty: as
 * they are. */
struct span compress_segment(struct compressor *compressor, struct span plain);
/* So many bytes on the wire, with their answer, took so many nanoseconds. */
void compress_learn(struct compressor *compressor, size_t wire, int64_t took);
void compressor_clear(struct compressor *compressor);

/* Of one connection of the target. Zero to begin with. */
struct expander {
    void *context;     /* ZSTD_DCtx * */
    unsigned char *at; /* SEGMENT_BYTES, aligned for direct writes */
};
/* *plain, valid until the next one, is exactly `length` bytes, at most SEGMENT_BYTES; else
 * E_SEGMENT_PACKED. */
must_check bool expand_segment(struct expander *expander, struct span packed, size_t length,
                               struct span *plain, struct error *err);
void expander_clear(struct expander *expander);
