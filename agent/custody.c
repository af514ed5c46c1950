/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/custody.h"

#include <string.h>

/* Everything that is loaded is replaced by a rename in one of these. */
static const char *const watched[CUSTODY_MARKS] = {"identity", "trust/anchors",
                                                   "trust/crls"};

unsigned custody_key_number(unsigned slot, enum leaf_use use)
{
    return 2 * slot + (use == LEAF_CLIENT);
}

static bool is_among(unsigned number, const unsigned *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static void set_keys(struct custody *custody, unsigned slot, bool held)
{
    static const enum leaf_use uses[] = {LEAF_SERVER, LEAF_CLIENT};

    for (size_t i = 0; i < COUNT(uses); i++)
        custody->keys.key[custody_key_number(slot, uses[i])] =
            held ? identity_key(&custody->held[slot], uses[i]) : NULL;
}

static void free_unused(struct custody *custody, unsigned number, const unsigned *in_use,
                        size_t n)
{
    for (unsigned i = 0; i < CUSTODY_MAX; i++) {
        struct identity *held = &custody->held[i];

        if (held->number == 0 || held->number == number ||
            is_among(held->number, in_use, n))
            continue;
        set_keys(custody, i, false);
        identity_clear(held);
    }
}

/* The slot of this identity, or a free one. */
static bool take_slot(const struct custody *custody, unsigned *out, unsigned number,
                      struct error *err)
{
    *out = CUSTODY_MAX;
    for (unsigned i = CUSTODY_MAX; i-- > 0;) {
        if (custody->held[i].number == 0 || custody->held[i].number == number)
            *out = i;
        if (custody->held[i].number == number)
            return true;
    }
    return *out < CUSTODY_MAX ||
           fail(err, E_CUSTODY_FULL, "%d identities are in use at once", CUSTODY_MAX);
}

/* The same bytes are no change: a command that went back and forth, or a leftover. */
static bool adopt(struct custody *custody, struct credentials *fresh,
                  const unsigned *in_use, size_t n, struct error *err)
{
    scoped(buf_clear) struct buf packed = buf_upto(CREDENTIALS_BYTES_MAX);
    struct digest digest;
    unsigned slot;

    if (!credentials_pack(&packed, fresh, err))
        return false;
    digest_of(&digest, DIGEST_SHA256, buf_span(&packed));
    if (custody->version > 0 && digest_equal(&digest, &custody->digest))
        return true;
    free_unused(custody, fresh->identity.number, in_use, n);
    if (!take_slot(custody, &slot, fresh->identity.number, err))
        return false;
    identity_clear(&custody->held[slot]);
    custody->held[slot] = fresh->identity;
    fresh->identity = (struct identity){0}; /* moved */
    set_keys(custody, slot, true);
    custody->slot = slot;
    custody->version++;
    custody->digest = digest;
    buf_clear(&custody->packed);
    custody->packed = packed;
    packed = (struct buf){0}; /* moved */
    return true;
}

bool custody_renew(struct custody *custody, const unsigned *in_use, size_t n, time_t now,
                   struct error *err)
{
    scoped(credentials_clear) struct credentials fresh = {0};
    struct mark marks[CUSTODY_MARKS];

    marks_take(marks, custody->state, watched, CUSTODY_MARKS);
    if (custody->version > 0 && marks_are_same(marks, custody->marks, CUSTODY_MARKS) &&
        custody->settled)
        return true;
    if (!credentials_load(&fresh, custody->state, err) ||
        !adopt(custody, &fresh, in_use, n, err))
        return false;
    memcpy(custody->marks, marks, sizeof(marks));
    custody->settled = marks_are_settled(marks, CUSTODY_MARKS, now);
    return true;
}

bool custody_pack_again(struct custody *custody, const unsigned *in_use, size_t n,
                        struct error *err)
{
    scoped(credentials_clear) struct credentials fresh = {0};

    if (!credentials_load(&fresh, custody->state, err) ||
        !adopt(custody, &fresh, in_use, n, err))
        return false;
    if (custody->packed.n > 0) /* as the next version */
        return true;
    custody->packed = buf_upto(CREDENTIALS_BYTES_MAX);
    return credentials_pack(&custody->packed, &fresh, err);
}

const struct identity *custody_newest(const struct custody *custody)
{
    return custody->version > 0 ? &custody->held[custody->slot] : NULL;
}

const struct identity *custody_find(const struct custody *custody, unsigned number)
{
    for (size_t i = 0; number != 0 && i < CUSTODY_MAX; i++)
        if (custody->held[i].number == number)
            return &custody->held[i];
    return NULL;
}

const struct identity *custody_find_key(const struct custody *custody,
                                        const struct digest *spki_sha256)
{
    for (size_t i = 0; i < CUSTODY_MAX; i++) {
        const struct identity *held = &custody->held[i];

        if (held->number != 0 &&
            digest_equal(&chain_leaf(&held->chain)->spki_sha256, spki_sha256))
            return held;
    }
    return NULL;
}

void custody_clear(struct custody *custody)
{
    for (unsigned i = 0; i < CUSTODY_MAX; i++)
        identity_clear(&custody->held[i]);
    buf_clear(&custody->packed);
    *custody = (struct custody){0};
}
