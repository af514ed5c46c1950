/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing where a full disk, a quota or a read-only file system is an answer of its own. */
#pragma once

#include "base/error.h"
#include "base/span.h"

#include <sys/types.h>

/* errno as E_DISK_FULL, E_DISK_QUOTA, E_DISK_READ_ONLY or E_FILE_WRITE; always false. */
bool disk_fail(struct error *err, const char *what);
/* Add to a disk that is full what is left of it: `dir` is on it, `path` says where that is.
 */
void disk_explain(struct error *err, int dir, const char *path);
must_check bool disk_write(int fd, struct span bytes, off_t at, const char *what,
                           struct error *err);
/*
 * The same past the page cache (O_DIRECT) for whole blocks that lie aligned in memory and
 * in the file, where the file system can; the rest, and everything elsewhere, as
 * disk_write.
 */
must_check bool disk_write_direct(int fd, struct span bytes, off_t at, const char *what,
                                  struct error *err);
/* Replace or create dir/name: whole or not at all. On return its bytes are durable; its
 * name is when `dir` is synced next. */
must_check bool disk_lay(int dir, const char *name, struct span bytes, struct error *err);
/* The same, durable on return. */
must_check bool disk_replace(int dir, const char *name, struct span bytes,
                             struct error *err);
/* Exactly `bytes` at `at`; false at the end of the file or on an error. */
must_check bool disk_read(int fd, void *out, size_t n, off_t at, const char *what,
                          struct error *err);
