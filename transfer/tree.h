/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walk a directory: entries in walking order, never following a link, with no more in
 * memory than one directory's names a level and one row for each file of several links.
 * What cannot be carried is a finding: a warning for sockets, devices and pipes, an error
 * for what cannot be read, unless that is to be skipped.
 */
#pragma once

#include "transfer/manifest.h"
#include "transfer/owner_map.h"
#include "transfer/tree_ahead.h"
#include "transfer/tree_links.h"
#include "transfer/tree_names.h"

#define TREE_LEFT_NAMED 200 /* of what stays behind; the rest is counted */

/* One directory on the way down. */
struct tree_level {
    struct names names;
    size_t next;   /* the name whose turn it is */
    size_t path_n; /* length of the directory's path */
};

/* What the administrator asked for. */
struct tree_wish {
    bool skip_unreadable; /* a warning, and the listing goes on without it */
    struct owner_map owners;
};

struct stat;
/*
 * What a listing before knows of a file: its entry when nothing of it has changed since,
 * else NULL. Paths come in walking order. False only with err set.
 */
struct tree_memory {
    bool (*recall)(void *at, struct span path, const struct stat *st,
                   const struct entry **out, struct error *err);
    void *at;
};

struct tree {
    int root;                     /* borrowed */
    const struct tree_wish *wish; /* borrowed; NULL: nothing */
    struct tree_memory memory;    /* of no listing: recall is NULL */
    struct report *findings;
    struct tree_level *level; /* depth of them, of `room` */
    size_t depth;
    size_t room;
    struct links links;
    struct owners owners;
    bool begun;
    int dir; /* the deepest directory; counts only with dir_open */
    bool dir_open;
    struct ahead *ahead; /* of the names from `ahead_from` on of that directory, or NULL */
    size_t ahead_from;
    size_t stayed; /* names met in that directory since it was opened */
    char path[PATH_MAX];
    char target[PATH_MAX];
    struct buf extents;
    struct buf xattrs;
    struct left_behind left;
    uint64_t unmoved; /* all of these together */
    size_t more;      /* the finding that counts the unnamed ones */
};

void tree_begin(struct tree *out, int root, const struct tree_wish *wish,
                struct report *findings);
/* True with an entry (valid until the next call); false at the end, or with err set. */
bool tree_next(struct tree *tree, struct entry *out, struct error *err);
void tree_clear(struct tree *tree);
