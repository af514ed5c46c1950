/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/doctor.h"
#include "agent/holding.h"
#include "agent/trust_status.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/published.h"
#include "certs/tomb.h"

#include <errno.h>

static void tell(struct report *out, enum severity severity, const struct error *why)
{
    struct error finding = *why;

    finding.severity = severity;
    report_add(out, &finding);
}

/* A renewal with the same name and key makes an expired twin harmless (T-46). */
static bool has_good_twin(const struct store *store, const struct entry *entry, time_t now)
{
    for (size_t i = 0; i < store->n; i++)
        if (digest_equal(&store->entry[i].cert.spki_sha256, &entry->cert.spki_sha256) &&
            now <= store->entry[i].cert.not_after.at)
            return true;
    return false;
}

static void judge_anchor(struct doctor *out, const struct store *store,
                         const struct entry *entry, const struct doctor_wish *wish)
{
    const int64_t left = (int64_t)entry->cert.not_after.at - wish->now;
    struct error why = {0};

    if (entry->own || left > wish->within) /* the own root is a rung */
        return;
    out->anchors_over += left < 0;
    fail(&why, E_DOCTOR_ANCHOR, "%s, alias %s, %lld days%s", cert_issued_to(&entry->cert),
         entry->alias, (long long)doctor_days_left(&entry->cert, wish->now),
         has_good_twin(store, entry, wish->now) && left < 0
             ? "; a renewal with the same key is there"
             : "");
    tell(&out->report,
         left < 0 && has_good_twin(store, entry, wish->now) ? SEVERITY_NOTE
                                                            : SEVERITY_WARNING,
         &why);
}

static void examine_anchors(struct doctor *out, int state, const struct doctor_wish *wish)
{
    scoped(store_clear) struct store store = {0};
    struct error why = {0};

    if (!store_load(&store, state, STORE_ROOTS, &why)) {
        tell(&out->report, SEVERITY_ERROR, &why);
        return;
    }
    out->anchors = store.n;
    for (size_t i = 0; i < store.n; i++)
        judge_anchor(out, &store, &store.entry[i], wish);
}

static void examine_crls(struct doctor *out, int state, const struct doctor_wish *wish)
{
    scoped(held_crls_clear) struct held_crls held = {0};
    struct error why = {0};

    if (!crl_store_load(&held, state, &why)) {
        tell(&out->report, SEVERITY_ERROR, &why);
        return;
    }
    out->crls = held.n;
    for (size_t i = 0; i < held.n; i++) {
        struct error stale = {0};
        char until[TIME_TEXT_MAX];

        if (crl_is_current(&held.item[i].crl, wish->now))
            continue;
        text_show_time(until, held.item[i].crl.next_update.at);
        fail(&stale, E_DOCTOR_CRL, "%s, until %s", held.item[i].issuer_text, until);
        tell(&out->report, SEVERITY_WARNING, &stale);
        out->crls_over++;
    }
}

static void judge_adopted(struct doctor *out, const struct published *list, time_t now)
{
    char until[TIME_TEXT_MAX];
    struct error why = {0};

    out->adopted++;
    if (now <= list->expires)
        return;
    text_show_time(until, list->expires);
    fail(&why, E_DOCTOR_PUBLISHED, "that of %s was good until %s", list->publisher, until);
    tell(&out->report, SEVERITY_WARNING, &why);
    out->adopted_over++;
}

static void judge_own(struct doctor *out, const struct published *list,
                      const struct holdings *holdings)
{
    out->own_sequence = list->sequence;
    out->own_entries = list->entries.n;
    out->holders = holdings->n;
    for (size_t i = 0; i < holdings->n; i++) {
        struct error why = {0};
        unsigned sequence = 0;

        (void)holding_of(&sequence, &holdings->item[i], list->list);
        if (sequence >= list->sequence)
            continue;
        fail(&why, E_DOCTOR_PUBLISHED, "%s holds sequence %u of %u",
             holdings->item[i].holder, sequence, list->sequence);
        tell(&out->report, SEVERITY_WARNING, &why);
        out->holders_behind++;
    }
}

static void examine_published(struct doctor *out, int state, const struct doctor_wish *wish)
{
    scoped(published_lists_clear) struct published_lists lists = {0};
    scoped(holdings_clear) struct holdings holdings = {0};
    struct error why = {0};

    if (!published_load_all(&lists, state, &why) ||
        !holdings_load(&holdings, state, &why)) {
        tell(&out->report, SEVERITY_ERROR, &why);
        return;
    }
    for (size_t i = 0; i < lists.n; i++) {
        if (lists.list[i].publisher[0] != '\0')
            judge_adopted(out, &lists.list[i], wish->now);
        else
            judge_own(out, &lists.list[i], &holdings);
    }
}

static void examine_store(struct report *out, int state, const char *name)
{
    scoped(store_clear) struct store store = {0};
    struct error why = {0};

    if (!store_load(&store, state, name, &why))
        tell(out, SEVERITY_WARNING, &why);
}

static void tell_unread(struct report *out, const char *what)
{
    struct error finding = {0};

    fail_errno(&finding, E_FILE_READ, what);
    tell(out, SEVERITY_WARNING, &finding);
}

static void tell_damaged(struct report *out, const char *file, const struct error *why)
{
    struct error finding = {0};

    fail(&finding, E_DOCTOR_DAMAGED, "%.200s: %.300s", file, why->about);
    tell(out, SEVERITY_WARNING, &finding);
}

/* What an administrator may want back. */
static void examine_removed(struct report *out, int state)
{
    scoped(dir_close) DIR *list = dir_open(state, REMOVED_DIR, 0);
    const struct dirent *row;

    if (list == NULL && errno != ENOENT)
        tell_unread(out, REMOVED_DIR);
    if (list == NULL)
        return;
    while ((row = dir_next(list)) != NULL) {
        scoped(entry_clear) struct entry entry = {0};
        struct error why = {0};
        char what[sizeof(REMOVED_DIR) + NAME_MAX + 1];

        snprintf(what, sizeof(what), REMOVED_DIR "/%s", row->d_name);
        if (text_ends(row->d_name, ".pem") && row->d_name[0] != '.' &&
            !tomb_read(&entry, dirfd(list), row->d_name, &why))
            tell_damaged(out, what, &why);
    }
    if (errno != 0)
        tell_unread(out, REMOVED_DIR);
}

/* What pairing never looks at. */
static void examine_others(struct report *out, int state)
{
    char made[STORES_MAX][STORE_NAME_MAX];
    struct error why = {0};
    size_t n = 0;

    for (size_t i = 0; store_kind_at(i) != NULL; i++)
        if (store_kind_at(i)->holds == STORE_HOLDS_CERTIFICATES)
            examine_store(out, state, store_kind_at(i)->name);
    if (!store_made(made, &n, state, &why))
        tell(out, SEVERITY_WARNING, &why);
    for (size_t i = 0; i < n; i++)
        examine_store(out, state, made[i]);
    examine_removed(out, state);
}

void doctor_trust(struct doctor *out, int state, const struct doctor_wish *wish)
{
    examine_anchors(out, state, wish);
    examine_crls(out, state, wish);
    examine_published(out, state, wish);
    examine_others(&out->report, state);
}
