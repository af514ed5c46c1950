/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which segments are here. `received` counts as long as the machine runs, also after a
 * killed process, because the marks lie in a file that names the boot; `durable` counts
 * after a power cut and is told by the journal. `settled` counts in this process only. Not
 * safe for threads: the owner locks.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct marks {
    uint64_t n;
    uint64_t received; /* how many, durable ones included */
    uint64_t durable;
    unsigned char *received_bit;
    unsigned char *durable_bit;
    unsigned char *settled_bit;
    int fd;
    bool opened;
    bool same_boot; /* the file was written since the machine started */
};

/* Of a generation that nobody has open: whether its marks were begun, and any was set. */
enum marks_found { MARKS_NONE, MARKS_EMPTY, MARKS_SOME };
enum marks_found marks_look(int dir, unsigned generation);

must_check bool marks_open(struct marks *out, int dir, unsigned generation, uint64_t n,
                           struct error *err);
bool marks_has(const struct marks *marks, uint64_t segment);
bool marks_is_durable(const struct marks *marks, uint64_t segment);
must_check bool marks_receive(struct marks *marks, uint64_t segment, struct error *err);
void marks_set_durable(struct marks *marks, uint64_t segment);
/* Every file that lies whole in it was written by this process, and lacks nothing. */
void marks_set_settled(struct marks *marks, uint64_t segment);
bool marks_is_settled(const struct marks *marks, uint64_t segment);
/* It is not here after all. */
must_check bool marks_forget(struct marks *marks, uint64_t segment, struct error *err);
/* The next run of missing segments at or after `from`; false when there is none. */
bool marks_missing(const struct marks *marks, uint64_t from, uint64_t *first,
                   uint64_t *last);
void marks_close(struct marks *marks);
