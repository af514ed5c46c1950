/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/left.h"

const struct field_row left_behind_fields[] = {
    FIELD("sockets", AS_COUNT, left_behind, sockets),
    FIELD("pipes", AS_COUNT, left_behind, pipes),
    FIELD("devices", AS_COUNT, left_behind, devices),
    FIELD("skipped", AS_COUNT, left_behind, skipped),
    FIELD_END,
};

bool left_behind_equal(const struct left_behind *a, const struct left_behind *b)
{
    return a->told == b->told && a->sockets == b->sockets && a->pipes == b->pipes &&
           a->devices == b->devices && a->skipped == b->skipped;
}

bool left_behind_encode(struct buf *out, const struct left_behind *left, struct error *err)
{
    return !left->told ||
           (buf_add_u64(out, left->sockets, err) && buf_add_u64(out, left->pipes, err) &&
            buf_add_u64(out, left->devices, err) && buf_add_u64(out, left->skipped, err));
}

bool left_behind_any(const struct left_behind *left)
{
    return left->sockets > 0 || left->pipes > 0 || left->devices > 0 || left->skipped > 0;
}

static uint64_t take_u64(struct span *bytes)
{
    struct span number = {0};

    return span_take(bytes, sizeof(uint64_t), &number) ? span_number(number) : 0;
}

bool left_behind_decode(struct left_behind *out, struct span bytes)
{
    *out = (struct left_behind){.told = bytes.n > 0};
    if (bytes.n != 0 && bytes.n != 4 * sizeof(uint64_t))
        return false;
    if (!out->told)
        return true;
    out->sockets = take_u64(&bytes);
    out->pipes = take_u64(&bytes);
    out->devices = take_u64(&bytes);
    out->skipped = take_u64(&bytes);
    return true;
}
