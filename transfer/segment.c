/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/segment.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALIGNMENT 4096

void segment_make(struct segment *out)
{
    *out = (struct segment){.room = mem_zeroed(SEGMENT_BYTES + ALIGNMENT, 1)};
    out->at = out->room + (ALIGNMENT - (uintptr_t)out->room % ALIGNMENT) % ALIGNMENT;
}

static bool changed(const struct entry *entry, struct error *err)
{
    return fail(err, E_FILE_CHANGED, "%.*s", (int)entry->path.n,
                (const char *)entry->path.at);
}

/* The device's number is no part of it: it may be another after a restart. */
static bool is_as_listed(int fd, const struct entry *entry)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == entry->size && st.st_mtim.tv_sec == entry->mtime &&
           (uint32_t)st.st_mtim.tv_nsec == entry->mtime_ns && entry->has_identity &&
           st.st_ino == entry->identity.inode &&
           st.st_ctim.tv_sec == entry->identity.ctime &&
           (uint32_t)st.st_ctim.tv_nsec == entry->identity.ctime_ns;
}

/* All n bytes at `at`, or what the file has of them. */
static bool read_at(int fd, unsigned char *out, size_t n, uint64_t at, size_t *got,
                    struct error *err)
{
    *got = 0;
    while (*got < n) {
        const ssize_t more = pread(fd, out + *got, n - *got, (off_t)(at + *got));

        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return fail_errno(err, E_FILE_READ, "a file of the tree");
        if (more == 0)
            return true;
        *got += (size_t)more;
    }
    return true;
}

static bool read_piece(struct segment *segment, int root, const struct piece *piece,
                       struct error *err)
{
    scoped(fd_close) int fd = -1;
    struct error gone = {0};
    size_t got;

    if (!perch_reach(&segment->perch, root, piece->entry.path, &gone))
        return changed(&piece->entry, err);
    fd = openat(segment->perch.dir, segment->perch.name,
                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT && errno != ELOOP && errno != ENXIO)
        return fail_errno(err, E_NOT_READABLE, segment->perch.name);
    if (fd < 0 || !is_as_listed(fd, &piece->entry))
        return changed(&piece->entry, err);
    if (!read_at(fd, segment->at + piece->at, piece->n, piece->file_at, &got, err))
        return false;
    return (got == piece->n && is_as_listed(fd, &piece->entry)) ||
           changed(&piece->entry, err);
}

bool segment_read(struct segment *segment, const struct manifest *manifest, int root,
                  uint64_t number, struct error *err)
{
    struct error trouble = {0};
    struct piece piece;

    segment->number = number;
    segment->n = 0;
    segment->files = 0;
    if (!cut_begin(&segment->cut, manifest, number, err))
        return false;
    while (cut_next(&segment->cut, &piece, &trouble)) {
        if (!read_piece(segment, root, &piece, err))
            return false;
        segment->n = piece.at + piece.n;
        segment->files += piece.ends_file;
    }
    if (trouble.msg != E_NONE) {
        *err = trouble;
        return false;
    }
    digest_of(&segment->digest, manifest->kind, span_of(segment->at, segment->n));
    return true;
}

void segment_clear(struct segment *segment)
{
    mem_free(segment->room);
    cut_clear(&segment->cut);
    perch_clear(&segment->perch);
    *segment = (struct segment){0};
}
