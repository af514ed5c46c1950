/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of receive_*.c share. */
#pragma once

#include "transfer/receive.h"

#define TREE_DIR "tree"
#define SEALED_MARK "sealed"
#define PUBLISHED_MARK "published" /* names the inode that was or is to be renamed */

/* Every directory of the manifest is there and can be written. Repeatable. */
must_check bool make_directories(struct receive *receive, struct error *err);
/* DIR/<name> is the tree that was staged here. */
bool published_already(const struct receive *receive);
void desk_clear(struct desk *desk);
