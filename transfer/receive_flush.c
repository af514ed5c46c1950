/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is received becomes durable, and what was durable is taken up after a restart. */
#include "transfer/receive.h"

#include "base/fs.h"
#include "base/mem.h"
#include "transfer/disk.h"
#include "transfer/receive_parts.h"

#include <fcntl.h>
#include <unistd.h>

/* Received and not durable, in order. */
static void lay_waiting(const struct marks *marks, struct batch *out)
{
    for (uint64_t at = 0; at < marks->n && out->n < BATCH_MAX; at++) {
        if (at % 8 == 0 && marks->received_bit[at / 8] == marks->durable_bit[at / 8])
            at += 7;
        else if (marks_has(marks, at) && !marks_is_durable(marks, at))
            out->item[out->n++].segment = at;
    }
}

/*
 * After a failed sync nobody knows what the disk has of all that is not durable, and the
 * cache may have it as if it were written: none of it counts, in this process and the next.
 */
static void sync_has_failed(struct receive *receive)
{
    int mark = openat(receive->staging, UNSURE_MARK,
                      O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct marks *marks = &receive->marks;
    struct error ignored = {0};

    fd_close(&mark);
    pthread_mutex_lock(&receive->lock);
    receive->syncs_failed++;
    for (uint64_t at = 0; at < marks->n; at++)
        if (marks_has(marks, at) && !marks_is_durable(marks, at))
            (void)!marks_forget(marks, at, &ignored);
    pthread_mutex_unlock(&receive->lock);
}

static bool read_digests(const struct receive *receive, struct batch *batch,
                         struct error *err)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct finished *item = &batch->item[i];
        bool known;

        if (!digests_get(&receive->digests, item->segment, &item->digest, &known, err))
            return false;
        if (!known)
            return fail(err, E_STAGING_BAD, "no digest of segment %llu",
                        (unsigned long long)item->segment);
    }
    return true;
}

bool receive_flush(struct receive *receive, struct batch *out, struct error *err)
{
    *out = (struct batch){.generation = receive->manifest.generation,
                          .item = mem_zeroed(BATCH_MAX, sizeof(*out->item))};
    pthread_mutex_lock(&receive->lock);
    if (receive->ready)
        lay_waiting(&receive->marks, out);
    receive->unflushed = 0;
    pthread_mutex_unlock(&receive->lock);
    if (out->n == 0)
        return true;
    if (syncfs(receive->staging) != 0) {
        disk_fail(err, "the staging area");
        sync_has_failed(receive);
        out->n = 0;
        return false;
    }
    return read_digests(receive, out, err);
}

void receive_mark_durable(struct receive *receive, const struct batch *batch)
{
    pthread_mutex_lock(&receive->lock);
    for (size_t i = 0; receive->ready && i < batch->n; i++)
        if (batch->item[i].segment < receive->marks.n)
            marks_set_durable(&receive->marks, batch->item[i].segment);
    pthread_mutex_unlock(&receive->lock);
}

static bool read_piece(struct receive *receive, struct desk *desk,
                       const struct piece *piece, unsigned char *out, struct error *err)
{
    scoped(fd_close) int fd = -1;

    if (!perch_reach(&desk->perch, receive->tree, piece->entry.path, err))
        return false;
    fd = openat(desk->perch.dir, desk->perch.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, E_FILE_READ, desk->perch.name);
    return disk_read(fd, out + piece->at, piece->n, (off_t)piece->file_at, desk->perch.name,
                     err);
}

/* The segment as it lies in the tree has this digest. */
static bool reads_back(struct receive *receive, struct desk *desk, unsigned char *room,
                       const struct finished *item)
{
    struct error ignored = {0};
    struct digest seen;
    struct piece piece;
    size_t n = 0;

    if (!cut_begin(&desk->cut, &receive->manifest, item->segment, &ignored))
        return false;
    while (cut_next(&desk->cut, &piece, &ignored)) {
        if (!read_piece(receive, desk, &piece, room, &ignored))
            return false;
        n = piece.at + piece.n;
    }
    digest_of(&seen, receive->manifest.kind, span_of(room, n));
    return ignored.msg == E_NONE && digest_equal(&seen, &item->digest);
}

/* A mark of this boot is believed; without one the disk is asked. */
static bool restore_one(struct receive *receive, struct desk *desk, unsigned char *room,
                        const struct finished *item, struct error *err)
{
    struct marks *marks = &receive->marks;

    if (item->segment >= marks->n)
        return fail(err, E_STAGING_BAD, "segment %llu of the journal",
                    (unsigned long long)item->segment);
    if (!marks_has(marks, item->segment)) {
        if (!receive->sealed && !reads_back(receive, desk, room, item))
            return true;
        receive->read_back += !receive->sealed;
        if (!digests_put(&receive->digests, item->segment, &item->digest, err) ||
            !marks_receive(marks, item->segment, err))
            return false;
    }
    marks_set_durable(marks, item->segment);
    return true;
}

static bool restore_all(struct receive *receive, const struct batch *batch,
                        struct error *err)
{
    scoped(desk_clear) struct desk desk = {0};
    unsigned char *room = mem_zeroed(SEGMENT_BYTES, 1);
    bool fine = true;

    for (size_t i = 0; fine && i < batch->n; i++)
        fine = restore_one(receive, &desk, room, &batch->item[i], err);
    mem_free(room);
    return fine;
}

bool receive_restore(struct receive *receive, const struct batch *batch, struct error *err)
{
    bool fine;

    if (receive->published)
        return true;
    if (!receive->ready || batch->generation != receive->manifest.generation)
        return fail(err, E_STAGING_BAD, "the journal knows segments of generation %u",
                    batch->generation);
    pthread_mutex_lock(&receive->lock);
    fine = restore_all(receive, batch, err);
    pthread_mutex_unlock(&receive->lock);
    return fine;
}
