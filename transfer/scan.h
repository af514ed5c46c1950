/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The source lists its tree. The first generation is listed while the source lives; each
 * later one against that before it: a file whose identity (path, inode, size, mtime, ctime)
 * is the same is carried by reference, all others are sent again.
 */
#pragma once

#include "transfer/manifest.h"
#include "transfer/tree.h"

struct scan {
    int work; /* borrowed: where the manifest goes */
    int root; /* borrowed: the tree */
    unsigned generation;
    enum digest_kind kind;
    const struct tree_wish *wish; /* borrowed; NULL: nothing special */
};
struct scanned {
    bool same; /* in every respect as the generation before, all of it sent */
};

/*
 * Manifest pages and their sum in `work`. Findings are what cannot be moved; with an error
 * among them the manifest must not be sent.
 */
must_check bool scan_tree(const struct scan *scan, struct scanned *out,
                          struct report *findings, struct error *err);
