/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files: bounded reads, whole replacement that survives a power cut (temporary file, fsync,
 * rename, fsync of the directory), and paths that cannot leave a root.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

/* A descriptor that closes itself: scoped(fd_close) int fd = -1; */
void fd_close(int *fd);

/* Read a whole file, regular or pipe, up to out's ceiling. "-" is standard input. */
must_check bool fs_read(struct buf *out, const char *path, struct error *err);
must_check bool fs_read_at(struct buf *out, int dir, const char *path, struct error *err);
/* The same for a secret: refuses a file that others can read or write. */
must_check bool fs_read_secret(struct buf *out, int dir, const char *path,
                               struct error *err);

/* Replace or create dir/name with these bytes: whole or not at all, durable on return. */
must_check bool fs_replace(int dir, const char *name, struct span bytes, mode_t mode,
                           struct error *err);
/* Point the symbolic link dir/name at `to`, atomically and durably. */
must_check bool fs_relink(int dir, const char *name, const char *to, struct error *err);
/* rename within a directory, then sync it; fails when `to` exists. */
must_check bool fs_rename_new(int dir, const char *from, const char *to, struct error *err);

/* The entries of a directory; NULL, with errno, when it cannot be read. flags: O_NOFOLLOW
 * or 0. */
DIR *dir_open(int at, const char *path, int flags);
void dir_close(DIR **dir);
/* Its next entry; NULL at the end, with errno 0, and when it cannot be read any further,
 * with another: a list that was cut short must not be taken for a whole one. */
const struct dirent *dir_next(DIR *dir);
/* Whether dir/name is there, a dangling link too; E_FILE_READ when that cannot be told. */
must_check bool fs_has(bool *has, int dir, const char *name, struct error *err);

must_check bool fs_open_dir(int *out, int at, const char *path, struct error *err);
/* The same; made first, it and its parents, with `mode` and durably, when it is not there.
 */
must_check bool fs_make_dir(int *out, int at, const char *path, mode_t mode,
                            struct error *err);
/* Take the lock of this open file or directory, for as long as it is open here or in a
 * process forked from here; false when somebody else has it. */
bool fs_lock(int fd);
/* Somebody else has it. Looks without taking: nobody who wants it now is refused for that.
 */
bool fs_is_locked(int fd);
must_check bool fs_sync(int fd, const char *what, struct error *err);
/* Remove dir/name and everything below it, with three descriptors however deep that is, and
 * directories of our own whatever their modes. What is not there is no error. */
must_check bool fs_remove_tree(int dir, const char *name, struct error *err);

/* openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS. */
must_check bool fs_open_beneath(int *out, int root, const char *path, int flags,
                                mode_t mode, struct error *err);
/* Write all of it at this offset, through EINTR and short writes. */
must_check bool fs_write_at(int fd, struct span bytes, off_t at, struct error *err);
must_check bool fs_write_all(int fd, struct span bytes, struct error *err);
