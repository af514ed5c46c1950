/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first path of every file that has more than one link. */
#pragma once

#include "base/span.h"

#include <stdint.h>

struct link_row {
    uint64_t device;
    uint64_t inode;
    char *path; /* NULL: a free row */
};
struct links {
    struct link_row *row; /* open hash of `room` rows, n in use */
    size_t n;
    size_t room;
};

/* The path this file was met under first, or NULL; then `path` is that from now on. */
const char *links_meet(struct links *links, uint64_t device, uint64_t inode,
                       const char *path);
void links_clear(struct links *links);
