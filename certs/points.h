/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The characters of an ASN.1 string, whatever its type, one code point at a time. */
#pragma once

#include "base/span.h"

#define POINT_INVALID 0x110000U /* plus the byte that is no character */

struct points {
    unsigned tag;
    struct span rest;
};
bool points_next(unsigned *out, struct points *points);
/* The tag is one whose bytes are characters. */
bool points_known(unsigned tag);

/*
 * The same as RFC 5280 7.1 compares: no white space at the ends, single blanks inside,
 * ASCII letters in one case. `raw` is the character as it stands.
 */
struct folded {
    struct points in;
    bool started, has_held;
    unsigned held;
};
struct folded points_folded(unsigned tag, struct span value);
bool folded_next(unsigned *out, unsigned *raw, struct folded *folded);
