/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/disk.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB 1048576.0
#define DIRECT_BLOCK 4096       /* multiple of every logical block size in use */
#define DIRECT_LEAST (1U << 20) /* below that the page cache is faster */

static const struct {
    int number;
    enum msg msg;
} answers[] = {
    {ENOSPC, E_DISK_FULL},
    {EDQUOT, E_DISK_QUOTA},
    {EROFS, E_DISK_READ_ONLY},
};

bool disk_fail(struct error *err, const char *what)
{
    for (size_t i = 0; i < COUNT(answers); i++)
        if (errno == answers[i].number)
            return fail(err, answers[i].msg, "%s", what);
    return fail_errno(err, E_FILE_WRITE, what);
}

void disk_explain(struct error *err, int dir, const char *path)
{
    struct error full = {0};
    struct statvfs room;

    if ((err->msg != E_DISK_FULL && err->msg != E_DISK_QUOTA &&
         err->msg != E_DISK_READ_ONLY) ||
        fstatvfs(dir, &room) != 0)
        return;
    fail(&full, err->msg,
         "%.200s, below %.200s: %.1f of %.1f MiB and %ju of %ju inodes free", err->about,
         path, (double)room.f_bavail * (double)room.f_frsize / MIB,
         (double)room.f_blocks * (double)room.f_frsize / MIB, (uintmax_t)room.f_favail,
         (uintmax_t)room.f_files);
    full.severity = err->severity;
    full.side = err->side;
    *err = full;
}

bool disk_write(int fd, struct span bytes, off_t at, const char *what, struct error *err)
{
    while (bytes.n > 0) {
        ssize_t n = pwrite(fd, bytes.at, bytes.n, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return disk_fail(err, what);
        bytes = span_after(bytes, (size_t)n);
        at += n;
    }
    return true;
}

static bool is_aligned(struct span bytes, off_t at)
{
    return (uintptr_t)bytes.at % DIRECT_BLOCK == 0 && at % DIRECT_BLOCK == 0;
}

/* How much of it went past the page cache: all whole blocks, or none. */
static size_t write_blocks(int fd, struct span bytes, off_t at)
{
    size_t whole = bytes.n / DIRECT_BLOCK * DIRECT_BLOCK, done = 0;
    int flags;

    if (whole < DIRECT_LEAST || !is_aligned(bytes, at))
        return 0;
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_DIRECT) != 0)
        return 0;
    while (done < whole) {
        ssize_t n = pwrite(fd, bytes.at + done, whole - done, at + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || n % DIRECT_BLOCK != 0)
            break; /* what is left is tried again the ordinary way, which tells why */
        done += (size_t)n;
    }
    return fcntl(fd, F_SETFL, flags) == 0 ? done : 0;
}

bool disk_write_direct(int fd, struct span bytes, off_t at, const char *what,
                       struct error *err)
{
    size_t done = write_blocks(fd, bytes, at);

    return disk_write(fd, span_after(bytes, done), at + (off_t)done, what, err);
}

bool disk_read(int fd, void *out, size_t n, off_t at, const char *what, struct error *err)
{
    unsigned char *to = out;

    while (n > 0) {
        ssize_t got = pread(fd, to, n, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, E_FILE_READ, what);
        if (got == 0)
            return fail(err, E_FILE_READ, "%s ends early", what);
        to += got;
        n -= (size_t)got;
        at += got;
    }
    return true;
}

static bool write_aside(int dir, const char *name, struct span bytes, struct error *err)
{
    scoped(fd_close) int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return disk_fail(err, name);
    if (!disk_write(fd, bytes, 0, name, err))
        return false;
    return fsync(fd) == 0 || disk_fail(err, name);
}

bool disk_lay(int dir, const char *name, struct span bytes, struct error *err)
{
    char aside[NAME_MAX + 1];

    snprintf(aside, sizeof(aside), "%.240s.new", name);
    if (!write_aside(dir, aside, bytes, err)) {
        unlinkat(dir, aside, 0);
        return false;
    }
    return renameat(dir, aside, dir, name) == 0 || disk_fail(err, name);
}

bool disk_replace(int dir, const char *name, struct span bytes, struct error *err)
{
    return disk_lay(dir, name, bytes, err) && (fsync(dir) == 0 || disk_fail(err, name));
}
