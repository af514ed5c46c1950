/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A segment of which the target may have the most: each piece is looked for in the tree
 * itself and in the copies it may be compared with, and believed by its digest alone.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "transfer/disk.h"
#include "transfer/offer.h"
#include "transfer/receive_parts.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum place { WANTED, IN_PLACE, TO_WRITE };

struct gather {
    struct receive *receive;
    struct desk *desk;
    const struct offer *offer;
    struct perch base[RECEIVE_BASES];
    unsigned char *at;     /* the segment as far as it is known */
    unsigned char *place;  /* enum place of each piece */
    size_t n;              /* plain length of the segment */
    uint32_t piece, range; /* reached */
    struct span bytes;     /* given and not taken yet */
};

static void gather_clear(struct gather *gather)
{
    for (size_t i = 0; i < RECEIVE_BASES; i++)
        perch_clear(&gather->base[i]);
    mem_free(gather->at);
    mem_free(gather->place);
}

static void gather_begin(struct gather *out, struct receive *receive, struct desk *desk,
                         const struct offer *offer)
{
    *out = (struct gather){.receive = receive,
                           .desk = desk,
                           .offer = offer,
                           .at = mem_aligned(SEGMENT_BYTES),
                           .place = mem_zeroed(offer->pieces + 1, 1),
                           .bytes = offer->bytes};
}

static bool is_file(bool known, const struct stat *st)
{
    return known && S_ISREG(st->st_mode);
}

/* The name may be a device's, or become one's: that is never opened, and never read. */
static bool open_file(int *out, const struct perch *at)
{
    struct stat st;

    if (!is_file(fstatat(at->dir, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0, &st))
        return false;
    *out = openat(at->dir, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return *out >= 0 && is_file(fstat(*out, &st) == 0, &st);
}

/* The piece as `root` has it, if it is what was offered. */
static bool is_in(struct gather *gather, struct perch *perch, int root,
                  const struct piece *piece, const struct digest *digest)
{
    scoped(fd_close) int fd = -1;
    struct error none = {0};
    struct digest seen;

    if (root < 0 || !perch_reach(perch, root, piece->entry.path, &none) ||
        !open_file(&fd, perch) ||
        !disk_read(fd, gather->at + piece->at, piece->n, (off_t)piece->file_at, perch->name,
                   &none))
        return false;
    digest_of(&seen, gather->receive->manifest.kind,
              span_of(gather->at + piece->at, piece->n));
    return digest_equal(&seen, digest);
}

static enum place find(struct gather *gather, const struct piece *piece,
                       const struct digest *digest)
{
    const struct receive *receive = gather->receive;

    if (is_in(gather, &gather->desk->perch, receive->tree, piece, digest))
        return IN_PLACE;
    for (size_t i = 0; i < RECEIVE_BASES; i++)
        if (is_in(gather, &gather->base[i], receive->base[i], piece, digest))
            return TO_WRITE;
    return WANTED;
}

/* Given with the offer, found here, or wanted. */
static bool take_piece(struct gather *gather, const struct piece *piece, struct error *err)
{
    const struct offer *offer = gather->offer;
    const uint32_t number = gather->piece++;
    struct digest digest;

    if (number >= offer->pieces)
        return fail(err, E_OFFER_BAD, "%u pieces", offer->pieces);
    gather->n = piece->at + piece->n;
    if (offer_gives(offer, number, &gather->range)) {
        if (gather->bytes.n < piece->n)
            return fail(err, E_OFFER_BAD, "piece %u is cut off", number);
        memcpy(gather->at + piece->at, gather->bytes.at, piece->n);
        gather->bytes = span_after(gather->bytes, piece->n);
        gather->place[number] = TO_WRITE;
        return true;
    }
    offer_digest(offer, number, &digest);
    gather->place[number] = (unsigned char)find(gather, piece, &digest);
    return true;
}

static bool take_pieces(struct gather *gather, uint64_t number, struct error *err)
{
    struct cut *cut = &gather->desk->cut;
    struct error trouble = {0};
    struct piece piece;

    if (!cut_begin(cut, &gather->receive->manifest, number, err))
        return false;
    while (cut_next(cut, &piece, &trouble))
        if (!take_piece(gather, &piece, err))
            return false;
    if (trouble.msg != E_NONE) {
        *err = trouble;
        return false;
    }
    return (gather->piece == gather->offer->pieces && gather->bytes.n == 0) ||
           fail(err, E_OFFER_BAD, "%u pieces, %u offered", gather->piece,
                gather->offer->pieces);
}

/* What is wanted, as ranges of pieces; when they are too many the last one takes the rest.
 */
static void lay_wanted(const struct gather *gather, struct ranges *out)
{
    for (uint32_t i = 0; i < gather->piece; i++) {
        if (gather->place[i] != WANTED)
            continue;
        if (out->n > 0 && out->item[out->n - 1].last + 1 == i)
            out->item[out->n - 1].last = i;
        else if (out->n < RECEIVE_RANGES_MAX)
            out->item[out->n++] = (struct range){.first = i, .last = i};
        else
            out->item[out->n - 1].last = gather->piece - 1;
    }
}

/* Those that are not in place, or all: what was read from the cache may never have reached
 * the disk. */
static bool write_pieces(struct gather *gather, uint64_t number, bool all,
                         struct error *err)
{
    struct cut *cut = &gather->desk->cut;
    struct error trouble = {0};
    struct piece piece;
    uint32_t at = 0;

    if (!cut_begin(cut, &gather->receive->manifest, number, err))
        return false;
    while (cut_next(cut, &piece, &trouble))
        if ((gather->place[at++] == TO_WRITE || all) &&
            !piece_write(gather->receive, gather->desk, &piece,
                         span_of(gather->at + piece.at, piece.n), err))
            return false;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

static bool store(struct gather *gather, uint64_t number, struct error *err)
{
    struct receive *receive = gather->receive;
    const struct span bytes = span_of(gather->at, gather->n);
    struct digest seen;
    bool noted = false;

    digest_of(&seen, receive->manifest.kind, bytes);
    if (!digest_equal(&seen, &gather->offer->segment))
        return fail(err, E_OFFER_BAD, "the digest of segment %llu",
                    (unsigned long long)number);
    while (!noted) {
        const unsigned syncs = syncs_failed(receive);

        if (!write_pieces(gather, number, syncs > 0, err) ||
            !segment_note(receive, number, bytes, &seen, syncs, &noted, err))
            return false;
    }
    return true;
}

static bool take_offer(struct receive *receive, struct desk *desk, uint64_t number,
                       const struct offer *offer, struct ranges *wanted, struct error *err)
{
    scoped(gather_clear) struct gather gather = {0};

    gather_begin(&gather, receive, desk, offer);
    if (!take_pieces(&gather, number, err))
        return false;
    lay_wanted(&gather, wanted);
    return wanted->n > 0 || store(&gather, number, err);
}

bool receive_offer(struct receive *receive, uint64_t number, struct span body,
                   struct ranges *wanted, struct error *err)
{
    scoped(desk_clear) struct desk own = {0};
    struct offer offer;
    struct desk *desk;
    bool here, taken;

    *wanted =
        (struct ranges){.item = mem_zeroed(RECEIVE_RANGES_MAX, sizeof(*wanted->item))};
    if (!offer_read(&offer, body, err) || !segment_wanted(receive, number, &here, err))
        return false;
    if (here)
        return true;
    desk = desk_sit(receive, &own);
    taken = take_offer(receive, desk, number, &offer, wanted, err);
    desk_leave(receive, desk);
    return taken;
}
