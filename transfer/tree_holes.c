/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree_holes.h"

#include "base/fs.h"
#include "transfer/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SECTOR 512 /* the unit of st_blocks */

static bool add_range(struct buf *out, off_t at, off_t end, struct error *err)
{
    return buf_add_u64(out, (unsigned long long)at, err) &&
           buf_add_u64(out, (unsigned long long)(end - at), err);
}

/* The next data range at or after *from; none: *end is *from. The last one that a record
 * has room for reaches to the end. False, with errno: what is not a range would become
 * zeros. */
static bool next_range(int fd, off_t size, bool last, off_t *from, off_t *end)
{
    const off_t data = lseek(fd, *from, SEEK_DATA);

    *end = *from;
    if (data < 0 || data >= size)
        return data >= 0 || errno == ENXIO;
    *from = data;
    *end = last ? size : lseek(fd, data, SEEK_HOLE);
    if (*end < 0 || *end > size)
        *end = size;
    return true;
}

bool holes_are_likely(const struct stat *st)
{
    return st->st_blocks < (st->st_size + SECTOR - 1) / SECTOR;
}

bool holes_find(struct buf *out, bool *sparse, int dir, const char *name,
                const struct stat *st, struct error *err)
{
    scoped(fd_close) int fd = -1;
    off_t at = 0;
    off_t end = 0;
    off_t data = 0;

    buf_reset(out);
    *sparse = false;
    if (!holes_are_likely(st))
        return true;
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, E_NOT_READABLE, name);
    if (lseek(fd, 0, SEEK_HOLE) < 0) /* emptied since, or no holes are known here */
        return errno == ENXIO || errno == EINVAL || errno == EOPNOTSUPP ||
               fail_errno(err, E_NOT_READABLE, name);
    do {
        at = end;
        if (!next_range(fd, st->st_size, out->n == 16 * (ENTRY_EXTENTS_MAX - 1), &at, &end))
            return fail_errno(err, E_NOT_READABLE, name);
        if (end > at && !add_range(out, at, end, err))
            return false;
        data += end - at;
    } while (end > at);
    *sparse = data < st->st_size;
    if (!*sparse)
        buf_reset(out);
    return true;
}
