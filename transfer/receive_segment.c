/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/receive.h"

#include "base/fs.h"
#include "transfer/disk.h"
#include "transfer/receive_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define PLACE_MAX 40

void desk_clear(struct desk *desk)
{
    cut_clear(&desk->cut);
    perch_clear(&desk->perch);
}

struct desk *desk_sit(struct receive *receive, struct desk *own)
{
    struct desk *desk = own;

    pthread_mutex_lock(&receive->lock);
    for (size_t i = 0; i < RECEIVE_DESKS && desk == own; i++)
        if (!receive->desk[i].busy)
            desk = &receive->desk[i];
    desk->busy = true;
    pthread_mutex_unlock(&receive->lock);
    return desk;
}

void desk_leave(struct receive *receive, struct desk *desk)
{
    pthread_mutex_lock(&receive->lock);
    desk->busy = false;
    pthread_mutex_unlock(&receive->lock);
}

bool segment_wanted(struct receive *receive, uint64_t number, bool *here, struct error *err)
{
    bool fine = true;

    pthread_mutex_lock(&receive->lock);
    *here =
        receive->ready && number < receive->marks.n && marks_has(&receive->marks, number);
    if (!receive->ready)
        fine = fail(err, E_MANIFEST_OPEN, "segment %llu", (unsigned long long)number);
    else if (number >= receive->marks.n)
        fine = fail(err, E_SEGMENT_NUMBER, "segment %llu of %llu",
                    (unsigned long long)number, (unsigned long long)receive->marks.n);
    else if (receive->sealed && !*here)
        fine = fail(err, E_SEALED, "segment %llu", (unsigned long long)number);
    pthread_mutex_unlock(&receive->lock);
    return fine;
}

static bool is_right(struct desk *desk, const struct manifest *manifest, uint64_t number,
                     const struct delivery *delivery, struct error *err)
{
    const size_t n = delivery->bytes.n;
    struct digest had;
    size_t length;

    if (delivery->had != NULL)
        had = *delivery->had;
    else
        digest_of(&had, manifest->kind, delivery->bytes);
    if (!digest_equal(&had, &delivery->digest))
        return fail(err, E_SEGMENT_DIGEST, "segment %llu", (unsigned long long)number);
    if (!cut_length(&length, &desk->cut, manifest, number, err))
        return false;
    return n == length || fail(err, E_SEGMENT_LENGTH, "segment %llu: %zu, not %zu",
                               (unsigned long long)number, n, length);
}

/* A file that was settled already, for one who may not write what is read-only. */
static bool open_again(int *fd, int dir, const char *name)
{
    scoped(fd_close) int path = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    char place[PLACE_MAX];
    struct stat st;

    snprintf(place, sizeof(place), "/proc/self/fd/%d", path);
    if (path < 0 || fstat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
        chmod(place, 0600) != 0)
        return false;
    *fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    return *fd >= 0;
}

bool piece_write(struct receive *receive, struct desk *desk, const struct piece *piece,
                 struct span bytes, struct error *err)
{
    /* A file that is made whole here needs no other mode later, but for its special bits.
     */
    const mode_t mode = piece->whole ? piece->entry.mode & 0777 : 0600;
    const char *name = desk->perch.name;
    scoped(fd_close) int fd = -1;

    if (!perch_reach(&desk->perch, receive->tree, piece->entry.path, err))
        return false;
    fd = openat(desk->perch.dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 && (errno != EACCES || !open_again(&fd, desk->perch.dir, name)))
        return disk_fail(err, name);
    if (!disk_write_direct(fd, bytes, (off_t)piece->file_at, name, err))
        return false;
    return !piece->whole ||
           settle_file(&desk->settle, fd, desk->perch.dir, name, &piece->entry, err);
}

static bool write_pieces(struct receive *receive, struct desk *desk, uint64_t number,
                         struct span bytes, struct error *err)
{
    struct error trouble = {0};
    struct piece piece;

    if (!cut_begin(&desk->cut, &receive->manifest, number, err))
        return false;
    while (cut_next(&desk->cut, &piece, &trouble))
        if (!piece_write(receive, desk, &piece,
                         span_head(span_after(bytes, piece.at), piece.n), err))
            return false;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

unsigned syncs_failed(struct receive *receive)
{
    unsigned n;

    pthread_mutex_lock(&receive->lock);
    n = receive->syncs_failed;
    pthread_mutex_unlock(&receive->lock);
    return n;
}

bool segment_note(struct receive *receive, uint64_t number, struct span bytes,
                  const struct digest *digest, unsigned syncs, bool *noted,
                  struct error *err)
{
    bool good = true;

    if (!digests_put(&receive->digests, number, digest, err))
        return false;
    pthread_mutex_lock(&receive->lock);
    *noted = receive->syncs_failed == syncs;
    if (*noted) {
        good = marks_receive(&receive->marks, number, err);
        receive->unflushed += good ? bytes.n : 0;
    }
    pthread_mutex_unlock(&receive->lock);
    return good;
}

static void note_settled(struct receive *receive, uint64_t number)
{
    pthread_mutex_lock(&receive->lock);
    marks_set_settled(&receive->marks, number);
    pthread_mutex_unlock(&receive->lock);
}

static bool take_segment(struct receive *receive, struct desk *desk, uint64_t number,
                         const struct delivery *delivery, struct error *err)
{
    const uint64_t not_kept = desk->settle.not_kept;
    bool noted = false;

    if (!is_right(desk, &receive->manifest, number, delivery, err))
        return false;
    while (!noted) {
        const unsigned syncs = syncs_failed(receive);

        if (!write_pieces(receive, desk, number, delivery->bytes, err) ||
            !segment_note(receive, number, delivery->bytes, &delivery->digest, syncs,
                          &noted, err))
            return false;
    }
    if (desk->settle.not_kept == not_kept)
        note_settled(receive, number);
    return true;
}

bool receive_segment(struct receive *receive, uint64_t number,
                     const struct delivery *delivery, struct error *err)
{
    scoped(desk_clear) struct desk own = {0};
    struct desk *desk;
    bool here;
    bool done;

    if (!segment_wanted(receive, number, &here, err))
        return false;
    if (here)
        return true;
    desk = desk_sit(receive, &own);
    done = take_segment(receive, desk, number, delivery, err);
    desk_leave(receive, desk);
    return done;
}

bool receive_nowhere(struct receive *receive, uint64_t number,
                     const struct delivery *delivery, struct error *err)
{
    scoped(desk_clear) struct desk own = {0};
    struct desk *desk;
    bool here;
    bool right;

    if (!segment_wanted(receive, number, &here, err))
        return false;
    desk = desk_sit(receive, &own);
    right = is_right(desk, &receive->manifest, number, delivery, err);
    desk_leave(receive, desk);
    return right;
}
