/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/offer.h"

#include "base/mem.h"
#include "transfer/manifest_form.h"

#include <string.h>

#define RANGE_BYTES 8

static uint32_t number_at(struct span bytes, size_t at)
{
    return (uint32_t)span_number(span_head(span_after(bytes, at), 4));
}

static bool take_number(struct span *from, uint32_t most, uint32_t *out)
{
    struct span bytes = {0};

    if (!span_take(from, 4, &bytes))
        return false;
    *out = number_at(bytes, 0);
    return *out <= most;
}

/* Ascending, not overlapping, within the pieces. */
static bool ranges_are_right(const struct offer *offer)
{
    uint32_t least = 0;

    for (uint32_t i = 0; i < offer->ranges; i++) {
        const uint32_t first = number_at(offer->given, (size_t)i * RANGE_BYTES);
        const uint32_t last = number_at(offer->given, (size_t)i * RANGE_BYTES + 4);

        if (first < least || last < first || last >= offer->pieces)
            return false;
        least = last + 1;
    }
    return true;
}

bool offer_read(struct offer *out, struct span body, struct error *err)
{
    struct span digest = {0};

    *out = (struct offer){0};
    if (!span_take(&body, DIGEST_BYTES, &digest) ||
        !take_number(&body, OFFER_PIECES_MAX, &out->pieces) ||
        !span_take(&body, (size_t)out->pieces * DIGEST_BYTES, &out->digests) ||
        !take_number(&body, RECEIVE_RANGES_MAX, &out->ranges) ||
        !span_take(&body, (size_t)out->ranges * RANGE_BYTES, &out->given) ||
        !ranges_are_right(out))
        return fail(err, E_OFFER_BAD, "its lengths");
    memcpy(out->segment.byte, digest.at, DIGEST_BYTES);
    out->bytes = body;
    return true;
}

void offer_digest(const struct offer *offer, uint32_t piece, struct digest *out)
{
    memcpy(out->byte, offer->digests.at + (size_t)piece * DIGEST_BYTES, DIGEST_BYTES);
}

bool offer_gives(const struct offer *offer, uint32_t piece, uint32_t *at)
{
    while (*at < offer->ranges &&
           number_at(offer->given, (size_t)*at * RANGE_BYTES + 4) < piece)
        (*at)++;
    return *at < offer->ranges &&
           number_at(offer->given, (size_t)*at * RANGE_BYTES) <= piece;
}

/* Where the pieces lie, and their digests behind the head. */
static bool lay_pieces(struct offer_sheet *out, struct segment *segment,
                       const struct manifest *manifest, struct error *err)
{
    struct error trouble = {0};
    struct piece piece;

    if (!cut_begin(&segment->cut, manifest, segment->number, err))
        return false;
    while (out->fits && cut_next(&segment->cut, &piece, &trouble)) {
        struct digest digest;

        out->fits = out->pieces < OFFER_PIECES_MAX;
        if (!out->fits)
            break;
        digest_of(&digest, manifest->kind, span_of(segment->at + piece.at, piece.n));
        out->at[out->pieces++] = piece.at;
        if (!buf_add(&out->body, digest_span(&digest), err))
            return false;
    }
    out->at[out->pieces] = segment->n;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

bool offer_write(struct offer_sheet *out, struct segment *segment,
                 const struct manifest *manifest, struct error *err)
{
    *out = (struct offer_sheet){.fits = true, .body = buf_upto(SEGMENT_BYTES)};
    out->at = mem_zeroed(OFFER_PIECES_MAX + 1, sizeof(*out->at));
    if (!buf_add(&out->body, digest_span(&segment->digest), err) ||
        !buf_add_u32(&out->body, 0, err) || !lay_pieces(out, segment, manifest, err))
        return false;
    record_put_u32(out->body.at + DIGEST_BYTES, out->pieces);
    return buf_add_u32(&out->body, 0, err);
}

static size_t bytes_wanted(const struct offer_sheet *sheet, const struct ranges *wanted)
{
    size_t n = 0;

    for (size_t i = 0; i < wanted->n; i++)
        n += sheet->at[wanted->item[i].last + 1] - sheet->at[wanted->item[i].first];
    return n;
}

static bool are_of(const struct offer_sheet *sheet, const struct ranges *wanted)
{
    for (size_t i = 0; i < wanted->n; i++)
        if (wanted->item[i].first > wanted->item[i].last ||
            wanted->item[i].last >= sheet->pieces)
            return false;
    return !wanted->more;
}

bool offer_give(struct offer_sheet *sheet, const struct segment *segment,
                const struct ranges *wanted, bool *fits, struct error *err)
{
    *fits = are_of(sheet, wanted) && bytes_wanted(sheet, wanted) <= OFFER_BYTES_MAX;
    if (!*fits)
        return true;
    sheet->body.n -= 4;
    if (!buf_add_u32(&sheet->body, (unsigned long)wanted->n, err))
        return false;
    for (size_t i = 0; i < wanted->n; i++)
        if (!buf_add_u32(&sheet->body, (unsigned long)wanted->item[i].first, err) ||
            !buf_add_u32(&sheet->body, (unsigned long)wanted->item[i].last, err))
            return false;
    for (size_t i = 0; i < wanted->n; i++) {
        const size_t at = sheet->at[wanted->item[i].first];

        if (!buf_add(&sheet->body,
                     span_of(segment->at + at, sheet->at[wanted->item[i].last + 1] - at),
                     err))
            return false;
    }
    return true;
}

void offer_sheet_clear(struct offer_sheet *sheet)
{
    buf_clear(&sheet->body);
    mem_free(sheet->at);
    *sheet = (struct offer_sheet){0};
}
