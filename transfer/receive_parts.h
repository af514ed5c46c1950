/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of receive_*.c share. */
#pragma once

#include "transfer/receive.h"

#define REPLACES_MARK "replaces" /* an older copy may go */
#define SEALED_MARK "sealed"
#define PUBLISHED_MARK "published" /* names the inode that was or is to be renamed */
#define OLDER_DIR "older"          /* what it was exchanged with */
#define UNSURE_MARK "unsure"       /* a sync has failed */

/* The tree of a generation, kept until the one after it has all it wants of it. */
#define BEFORE_NAME_ROOM 24
void before_name(char out[BEFORE_NAME_ROOM], unsigned generation);
/* `tree` is this generation's: that of the one before is set aside. Repeatable. */
must_check bool begin_tree(struct receive *receive, struct error *err);
/* What a failed try has left is as a generation before the first. `above` is .pairgate. */
must_check bool take_kept(const struct receive *receive, int above, struct error *err);
/* What a staging area of at most this generation has of the source's data, as `kept` for a
 * next try. Repeatable; what is there by this name stays when there is nothing better. */
must_check bool leave_kept(int above, int staging, unsigned generation, const char *kept,
                           struct error *err);
/* The files that the manifest refers to are in the tree, and those that may be written over
 * where they differ. Repeatable. */
must_check bool carry_over(struct receive *receive, struct error *err);
/* May the segment be written, and is it here already? */
must_check bool segment_wanted(struct receive *receive, uint64_t number, bool *here,
                               struct error *err);
/* A desk of the receive that is free, or the thread's own; and back. */
struct desk *desk_sit(struct receive *receive, struct desk *own);
void desk_leave(struct receive *receive, struct desk *desk);
must_check bool piece_write(struct receive *receive, struct desk *desk,
                            const struct piece *piece, struct span bytes,
                            struct error *err);
/*
 * All pieces of a segment were written to the tree, or are there already, since so many
 * syncs had failed (syncs_failed). *noted is false when another one has failed meanwhile:
 * then nobody knows what the disk has of them, and all are to be written again.
 */
unsigned syncs_failed(struct receive *receive);
must_check bool segment_note(struct receive *receive, uint64_t number, struct span bytes,
                             const struct digest *digest, unsigned syncs, bool *noted,
                             struct error *err);
/* Every directory of the manifest is in the tree and can be written. Repeatable. */
must_check bool make_directories(int tree, const struct manifest *manifest,
                                 struct error *err);
/* DIR/<name> is the tree that was staged here. */
must_check bool published_already(bool *published, const struct receive *receive,
                                  struct error *err);
/* `tree` is the staged tree again after a withdrawal that stopped between its two renames.
 */
must_check bool restage(const struct receive *receive, struct error *err);
void desk_clear(struct desk *desk);
