/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the supervisor tells the worker of who they are and whom they believe. */
#include "agent/clock.h"
#include "agent/custody.h"
#include "agent/office.h"

static size_t count_in_use(const struct authority_ask *ask)
{
    size_t n = 0;

    while (n < CUSTODY_MAX && ask->in_use[n] != 0)
        n++;
    return n;
}

static struct custody *custody_of(struct request *r, struct error *err)
{
    if (r->office->custody == NULL)
        fail(err, E_SUPERVISOR, "it has no identity");
    return r->office->custody;
}

void office_take_newest(struct office *office)
{
    const struct identity *newest = custody_newest(office->custody);

    office->key = identity_key(newest, LEAF_SERVER);
    office->leaves = identity_leaves(newest);
}

/* What the worker does not have yet is packed, also when it was given it before. */
static bool prepare(struct custody *custody, const struct authority_ask *ask,
                    struct error *err)
{
    const size_t n = count_in_use(ask);

    return custody_renew(custody, ask->in_use, n, clock_now(), err) &&
           (ask->version == custody->version || custody->packed.n > 0 ||
            custody_pack_again(custody, ask->in_use, n, err));
}

/* A piece of what the worker does not have yet. Only a first piece can be of something
 * newer, so all that follow it belong together. */
bool office_credentials(struct request *r, struct error *err)
{
    struct custody *custody = custody_of(r, err);
    struct span rest;

    if (custody == NULL)
        return false;
    if (r->ask->from == 0 && !prepare(custody, r->ask, err))
        return false;
    office_take_newest(r->office);
    r->answer->version = custody->version;
    r->answer->slot = custody->slot;
    if (custody->version == r->ask->version)
        return true;
    r->answer->total = custody->packed.n;
    rest = span_after(buf_span(&custody->packed), r->ask->from);
    if (rest.n == 0)
        return fail(err, E_SUPERVISOR, "credentials that were given before");
    if (!buf_add(&r->first_out, span_head(rest, AUTHORITY_BYTES_MAX), err))
        return false;
    if (rest.n <= AUTHORITY_BYTES_MAX)
        buf_clear(&custody->packed);
    return true;
}

bool office_seen(struct request *r, struct error *err)
{
    const struct custody *custody = custody_of(r, err);

    if (custody == NULL)
        return false;
    return custody_find(custody, r->ask->identity) != NULL
               ? identity_mark_seen(custody->state, r->ask->identity, clock_now(), err)
               : fail(err, E_SUPERVISOR, "identity %u is not in use", r->ask->identity);
}
