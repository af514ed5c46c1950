/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of receive_*.c share. */
#pragma once

#include "transfer/receive.h"

#define SEALED_MARK "sealed"
#define PUBLISHED_MARK "published" /* names the inode that was or is to be renamed */

/* The tree of a generation, kept until the one after it has all it wants of it. */
#define BEFORE_NAME_ROOM 24
void before_name(char out[BEFORE_NAME_ROOM], unsigned generation);
/* `tree` is this generation's: that of the one before is set aside. Repeatable. */
must_check bool begin_tree(struct receive *receive, struct error *err);
/* What the manifest refers to is in the tree. Repeatable. */
must_check bool carry_over(struct receive *receive, struct error *err);
/* Every directory of the manifest is in the tree and can be written. Repeatable. */
must_check bool make_directories(int tree, const struct manifest *manifest,
                                 struct error *err);
/* DIR/<name> is the tree that was staged here. */
bool published_already(const struct receive *receive);
void desk_clear(struct desk *desk);
