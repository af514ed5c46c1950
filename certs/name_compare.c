/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How two names relate, and why they are not the same (T-45). */
#include "certs/lookalike.h"
#include "certs/name.h"
#include "certs/points.h"

#include <stdio.h>

/* A name's characters as they read to a person, attribute after attribute. */
struct reading {
    struct name_walk walk;
    struct folded value;
    bool has_value;
    unsigned waiting; /* the second of a pair of code points, or 0 */
};

#define BETWEEN_ATTRIBUTES 0xFFFFFFFFU

static bool reading_next(unsigned *out, struct reading *reading)
{
    struct attribute attribute = {0};
    unsigned code = 0, raw = 0, reads[2] = {0};

    if (reading->waiting != 0) {
        *out = reading->waiting;
        reading->waiting = 0;
        return true;
    }
    while (reading->has_value && folded_next(&code, &raw, &reading->value)) {
        size_t n = lookalike_read(reads, raw);

        if (n == 0)
            continue;
        *out = reads[0];
        reading->waiting = n == 2 ? reads[1] : 0;
        return true;
    }
    reading->has_value = name_next(&attribute, &reading->walk);
    reading->value = points_folded(attribute.tag, attribute.value);
    *out = BETWEEN_ATTRIBUTES;
    return reading->has_value;
}

static bool names_read_alike(struct span a, struct span b)
{
    struct reading left = {.walk = name_walk(a)}, right = {.walk = name_walk(b)};
    unsigned one = 0, other = 0;

    for (;;) {
        bool more = reading_next(&one, &left);

        if (more != reading_next(&other, &right))
            return false;
        if (!more)
            return true;
        if (one != other)
            return false;
    }
}

enum name_relation cert_names_compare(struct span a, struct span b)
{
    if (span_equal(a, b))
        return NAME_SAME;
    if (name_is_equal(a, b))
        return NAME_EQUAL;
    return names_read_alike(a, b) ? NAME_LOOKALIKE : NAME_DIFFERENT;
}

/* The first characters of two values that differ; 0 stands for the end. */
static bool values_differ(unsigned *one, unsigned *other, const struct attribute *a,
                          const struct attribute *b)
{
    struct folded left = points_folded(a->tag, a->value);
    struct folded right = points_folded(b->tag, b->value);
    unsigned folded = 0, against = 0;

    for (;;) {
        bool more = folded_next(&folded, one, &left);
        bool also = folded_next(&against, other, &right);

        if (!more && !also)
            return false;
        if (!more)
            *one = 0;
        if (!also)
            *other = 0;
        if (more != also || folded != against)
            return true;
    }
}

void cert_names_explain(char *out, size_t room, struct span a, struct span b)
{
    struct name_walk left = name_walk(a), right = name_walk(b);
    struct attribute here = {0}, there = {0};
    unsigned one = 0, other = 0;

    while (name_next(&here, &left) && name_next(&there, &right)) {
        if (!span_equal(here.type, there.type)) {
            snprintf(out, room, "their attributes differ");
            return;
        }
        if (!values_differ(&one, &other, &here, &there))
            continue;
        if (one == 0 || other == 0)
            snprintf(out, room, "one has U+%04X where the other ends", one + other);
        else
            snprintf(out, room, "U+%04X against U+%04X", one, other);
        return;
    }
    snprintf(out, room, "their attributes differ");
}
