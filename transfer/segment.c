/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/segment.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_BYTES (256U << 10) /* read, then digested while the cache still has it */

void segment_make(struct segment *out)
{
    *out = (struct segment){.at = mem_aligned(SEGMENT_BYTES)};
}

/* Digest what was read since; small pieces wait, for BLAKE3 is fast on long ones only. */
static void digest_slice(struct segment *segment, struct digest_run *run, size_t least)
{
    const size_t n = segment->n - segment->digested;

    if (n < least)
        return;
    digest_add(run, span_of(segment->at + segment->digested, n));
    segment->digested = segment->n;
}

/* The piece behind what the segment has, or what the file has of it. */
static bool read_bytes(struct segment *segment, struct digest_run *run, int fd,
                       const struct piece *piece, struct error *err)
{
    const size_t end = piece->at + piece->n;

    while (segment->n < end) {
        const size_t left = end - segment->n;
        const size_t wanted = left < SLICE_BYTES ? left : SLICE_BYTES;
        const uint64_t at = piece->file_at + (segment->n - piece->at);
        const ssize_t got = pread(fd, segment->at + segment->n, wanted, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(err, E_FILE_READ, "%.*s: %s", (int)piece->entry.path.n,
                        (const char *)piece->entry.path.at, strerrordesc_np(errno));
        if (got == 0)
            return true;
        segment->n += (size_t)got;
        digest_slice(segment, run, SLICE_BYTES);
    }
    return true;
}

/* *sure: the file was as listed, before and after. What it has now is read anyway: the next
 * generation may differ from it in little. */
static bool read_listed(struct segment *segment, struct digest_run *run, int root,
                        const struct piece *piece, bool *sure, struct error *err)
{
    scoped(fd_close) int fd = -1;
    struct error gone = {0};
    struct stat st;

    *sure = false;
    segment->n = piece->at;
    if (!perch_reach(&segment->perch, root, piece->entry.path, &gone))
        return true;
    fd = openat(segment->perch.dir, segment->perch.name,
                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT && errno != ELOOP && errno != ENXIO && errno != EACCES)
        return fail_errno(err, E_NOT_READABLE, segment->perch.name);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    *sure = entry_is_file(&piece->entry, &st);
    if (!read_bytes(segment, run, fd, piece, err))
        return false;
    *sure = *sure && segment->n == piece->at + piece->n && fstat(fd, &st) == 0 &&
            entry_is_file(&piece->entry, &st);
    return true;
}

static bool read_piece(struct segment *segment, struct digest_run *run, int root,
                       const struct piece *piece, struct error *err)
{
    const size_t end = piece->at + piece->n;
    bool sure;

    if (!read_listed(segment, run, root, piece, &sure, err))
        return false;
    if (sure)
        return true;
    if (segment->changed == NULL)
        return fail(err, E_FILE_CHANGED, "%.*s", (int)piece->entry.path.n,
                    (const char *)piece->entry.path.at);
    memset(segment->at + segment->n, 0, end - segment->n);
    segment->n = end;
    segment->notes = true;
    return changed_note(segment->changed, piece->entry.path, err);
}

bool segment_read(struct segment *segment, const struct manifest *manifest, int root,
                  uint64_t number, struct error *err)
{
    struct error trouble = {0};
    struct digest_run run;
    struct piece piece;

    segment->number = number;
    segment->n = segment->digested = 0;
    segment->files = 0;
    segment->notes = false;
    if (!cut_begin(&segment->cut, manifest, number, err))
        return false;
    digest_begin(&run, manifest->kind);
    while (cut_next(&segment->cut, &piece, &trouble)) {
        if (!read_piece(segment, &run, root, &piece, err))
            return false;
        segment->files += piece.ends_file;
    }
    if (trouble.msg != E_NONE) {
        *err = trouble;
        return false;
    }
    digest_slice(segment, &run, 0);
    digest_end(&run, &segment->digest);
    return !segment->notes || changed_sync(segment->changed, err);
}

void segment_clear(struct segment *segment)
{
    mem_free(segment->at);
    cut_clear(&segment->cut);
    perch_clear(&segment->perch);
    *segment = (struct segment){0};
}
