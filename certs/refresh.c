/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/refresh.h"

#include "base/text.h"
#include "certs/published.h"
#include "certs/tomb.h"
#include "certs/trust.h"

bool refreshed_anything(const struct refreshed *refreshed)
{
    return refreshed->added + refreshed->kept + refreshed->removed + refreshed->crls_added +
               refreshed->crls_removed >
           0;
}

static bool is_over(const struct published *list, time_t now)
{
    return list->publisher[0] != '\0' && now > list->expires;
}

/* One store at a time, loaded anew after each change: there are few. */
struct shelf {
    struct store store;
    char name[STORE_NAME_MAX]; /* "": nothing is loaded */
};

static void shelf_clear(struct shelf *shelf)
{
    store_clear(&shelf->store);
    shelf->name[0] = '\0';
}

static bool shelf_fetch(struct shelf *shelf, int state, const char *name, struct error *err)
{
    if (text_equal(shelf->name, name))
        return true;
    shelf_clear(shelf);
    return store_load(&shelf->store, state, name, err) && text_fits(shelf->name, name);
}

/* Under its alias; where that means another certificate, under its own label, which never
 * does. */
static bool put_fresh(int state, struct entry *fresh, struct error *err)
{
    struct error taken = {0};

    if (store_put(state, fresh, &taken))
        return true;
    if (taken.msg != E_ALIAS) {
        *err = taken;
        return false;
    }
    (void)text_fits(fresh->alias, fresh->sha1);
    return store_put(state, fresh, err);
}

static bool bring(struct refreshed *out, int state, struct shelf *shelf,
                  const struct entry *published, time_t now, struct error *err)
{
    struct entry fresh = *published; /* borrows the certificate */
    struct entry *there;
    bool good;

    if (!shelf_fetch(shelf, state, published->store, err))
        return false;
    there = store_find(&shelf->store, &published->cert.sha256);
    if (there != NULL && (there->own || there->automatic))
        return true;
    if (there != NULL) {
        there->automatic = true;
        out->kept++;
        return store_put(state, there, err);
    }
    fresh.automatic = true;
    fresh.added = now;
    fresh.removed = 0;
    out->added++;
    good = put_fresh(state, &fresh, err);
    shelf_clear(shelf);
    return good;
}

static bool bring_all(struct refreshed *out, int state, const struct published *list,
                      time_t now, struct error *err)
{
    scoped(shelf_clear) struct shelf shelf = {0};

    for (size_t i = 0; i < list->entries.n; i++)
        if (!bring(out, state, &shelf, &list->entries.entry[i], now, err))
            return false;
    return true;
}

/* When the entry was removed everywhere by some list; 0 when it was not. */
static time_t removed_everywhere(const struct published_lists *lists,
                                 const struct entry *entry, time_t now)
{
    time_t latest = 0;

    for (size_t i = 0; i < lists->n; i++) {
        const struct published *list = &lists->list[i];

        for (size_t k = 0; k < list->removals && !is_over(list, now); k++)
            if (text_equal(list->removal[k].store, entry->store) &&
                digest_equal(&list->removal[k].sha256, &entry->cert.sha256) &&
                list->removal[k].at > latest)
                latest = list->removal[k].at;
    }
    return latest;
}

static bool sweep_store(struct refreshed *out, int state, const char *name,
                        const struct published_lists *lists, time_t now, struct error *err)
{
    scoped(store_clear) struct store store = {0};

    if (!store_load(&store, state, name, err))
        return false;
    for (size_t i = 0; i < store.n; i++) {
        const struct entry *entry = &store.entry[i];

        if (entry->own || published_find_any(lists, name, &entry->cert.sha256) != NULL)
            continue;
        if (!entry->automatic && (removed_everywhere(lists, entry, now) == 0 ||
                                  removed_everywhere(lists, entry, now) < entry->added))
            continue;
        if (!tomb_lay(state, entry, now, err))
            return false;
        out->removed++;
    }
    return true;
}

static bool sweep(struct refreshed *out, int state, const struct published_lists *lists,
                  time_t now, struct error *err)
{
    const struct store_kind *kind;

    for (size_t i = 0; (kind = store_kind_at(i)) != NULL; i++)
        if ((kind->holds == STORE_HOLDS_ANCHORS ||
             kind->holds == STORE_HOLDS_CERTIFICATES) &&
            !sweep_store(out, state, kind->name, lists, now, err))
            return false;
    return true;
}

/* A list is kept beside its CA: without the CA here it waits for it. */
static bool bring_crl(struct refreshed *out, int state, const struct crl *crl,
                      const struct chain *cas, time_t now, struct error *err)
{
    struct crl_wish wish = {.issuer = crl_signer(crl, cas), .automatic = true, .now = now};
    struct error stale = {0};
    bool changed = false;

    if (wish.issuer == NULL)
        return true;
    if (!crl_store_put(state, crl, &wish, &changed, &stale) && stale.msg != E_CRL_OLDER &&
        stale.msg != E_CRL_DATE) {
        *err = stale;
        return false;
    }
    out->crls_added += changed;
    return true;
}

static bool crl_is_published(const struct published_lists *lists,
                             const struct held_crl *held)
{
    for (size_t i = 0; i < lists->n; i++)
        for (size_t k = 0; k < lists->list[i].crls.n; k++)
            if (span_equal(lists->list[i].crls.item[k].issuer, held->crl.issuer))
                return true;
    return false;
}

static bool refresh_crls(struct refreshed *out, int state,
                         const struct published_lists *lists, time_t now, struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};
    scoped(held_crls_clear) struct held_crls held = {0};

    if (!trust_load(&trust, state, err))
        return false;
    for (size_t i = 0; i < lists->n; i++)
        for (size_t k = 0; k < lists->list[i].crls.n && !is_over(&lists->list[i], now); k++)
            if (!bring_crl(out, state, &lists->list[i].crls.item[k], &trust.anchors, now,
                           err))
                return false;
    if (!crl_store_load(&held, state, err))
        return false;
    for (size_t i = 0; i < held.n; i++) {
        if (!held.item[i].automatic || crl_is_published(lists, &held.item[i]))
            continue;
        if (!crl_store_drop(state, &held.item[i].issuer_key, err))
            return false;
        out->crls_removed++;
    }
    return true;
}

bool trust_refresh(struct refreshed *out, int state, time_t now, struct error *err)
{
    scoped(published_lists_clear) struct published_lists lists = {0};

    *out = (struct refreshed){0};
    if (!published_load_all(&lists, state, err))
        return false;
    for (size_t i = 0; i < lists.n; i++)
        if (!is_over(&lists.list[i], now) &&
            !bring_all(out, state, &lists.list[i], now, err))
            return false;
    return sweep(out, state, &lists, now, err) &&
           refresh_crls(out, state, &lists, now, err);
}
