/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/prune.h"

#include "agent/dependents.h"
#include "base/text.h"
#include "certs/tomb.h"

void pruned_clear(struct pruned *pruned)
{
    store_clear(&pruned->gone);
    *pruned = (struct pruned){0};
}

/* Even one that is expired stays while something depends on it (V-17). */
static bool may_go(bool *out, struct state *state, const struct entry *entry,
                   const struct prune_wish *wish, struct error *err)
{
    struct dependents dependents = {0};

    *out = false;
    if (entry->own || (wish->expired && wish->now <= entry->cert.not_after.at))
        return true;
    if (!dependents_find(&dependents, state, &entry->cert, wish->now, err))
        return false;
    *out = dependents.n == 0;
    return true;
}

static bool is_adopted(const struct published_lists *lists, const struct entry *entry)
{
    for (size_t i = 0; i < lists->n; i++)
        if (lists->list[i].publisher[0] != '\0' &&
            published_find(&lists->list[i], entry->store, &entry->cert.sha256) != NULL)
            return true;
    return false;
}

bool prune_find(struct pruned *out, struct state *state, const struct prune_wish *wish,
                struct error *err)
{
    scoped(store_clear) struct store store = {0};
    scoped(published_lists_clear) struct published_lists lists = {0};

    if (!store_load(&store, state->fd, STORE_ROOTS, err) ||
        !published_load_all(&lists, state->fd, err))
        return false;
    for (size_t i = 0; i < store.n; i++) {
        bool goes = false;

        if (!may_go(&goes, state, &store.entry[i], wish, err))
            return false;
        if (!goes || out->gone.n + 1 >= store.n)
            continue;
        if (is_adopted(&lists, &store.entry[i]))
            out->elsewhere++;
        else if (!store_add(&out->gone, &store.entry[i], err))
            return false;
    }
    return true;
}

bool prune_do(struct state *state, const struct pruned *pruned, time_t now,
              struct error *err)
{
    scoped(published_clear) struct published own = {0};
    unsigned before;

    if (!published_load_own(&own, state->fd, err))
        return false;
    before = own.sequence;
    for (size_t i = 0; i < pruned->gone.n; i++) {
        const struct entry *entry = &pruned->gone.entry[i];

        if (published_find(&own, entry->store, &entry->cert.sha256) != NULL &&
            !published_remove(&own, entry->store, &entry->cert.sha256, false, now, err))
            return false;
    }
    /* First the list, or the next refresh would bring them back. */
    if (own.sequence != before && !published_save_own(state->fd, &own, err))
        return false;
    for (size_t i = 0; i < pruned->gone.n; i++)
        if (!tomb_lay(state->fd, &pruned->gone.entry[i], now, err))
            return false;
    return true;
}
