/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owner, attributes, mode and time of what has been written, in the order in which one does
 * not undo the other; the time is last, so that it tells whether all is done.
 */
#pragma once

#include "transfer/manifest.h"
#include "transfer/owners.h"

struct settle {
    struct owners owners;
    uint64_t not_kept;        /* entries that lack an owner or attribute */
    char first_not_kept[256]; /* one of them */
};

/* `fd` is open for dir/name, a regular file, with all its data. */
must_check bool settle_file(struct settle *settle, int fd, int dir, const char *name,
                            const struct entry *entry, struct error *err);
/* The file is as settle_file leaves it; never said of one with attributes, which stat does
 * not tell. */
bool settle_is_done(struct settle *settle, int dir, const char *name,
                    const struct entry *entry);
must_check bool settle_symlink(struct settle *settle, int dir, const char *name,
                               const struct entry *entry, struct error *err);
/* `extra`: permission bits that it keeps for now. */
must_check bool settle_directory(struct settle *settle, int dir, const char *name,
                                 const struct entry *entry, uint32_t extra,
                                 struct error *err);
