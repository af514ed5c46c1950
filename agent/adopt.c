/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/adopt.h"

#include "agent/dependents.h"
#include "agent/published_doc.h"
#include "base/text.h"

#include <stdio.h>

static void name_publisher(struct published *list, const struct identity *identity)
{
    const struct cert *leaf = chain_leaf(&identity->chain);

    text_printable(list->publisher, sizeof(list->publisher), span_text(leaf->subject_text));
    list->key = leaf->spki_sha256;
}

bool adopt_export(struct buf *document, struct published *list, int state,
                  const struct export_wish *wish, struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(buf_clear) struct buf body = buf_upto(PUBLISHED_BYTES_MAX);

    if (!published_load_own(list, state, err) ||
        !identity_load(&identity, state, true, err))
        return false;
    if (wish->sequence != 0 && wish->sequence < list->sequence)
        return fail(err, E_PUBLISHED_OLD, "it has sequence %u", list->sequence);
    if (wish->sequence != 0)
        list->sequence = wish->sequence;
    /* The list's own file remembers id and sequence, whether or not it holds anything. */
    if (!published_save_own(state, list, err))
        return false;
    name_publisher(list, &identity);
    list->issued = wish->now;
    list->expires = wish->now + (time_t)wish->days * DAY_SECONDS;
    return published_print(&body, list, err) &&
           document_sign(document, DOCUMENT_PUBLISHED, buf_span(&body), &identity, err);
}

/* Who signs is whom the document names, with this key. */
static bool is_signed_by(const char *named, const struct digest *key,
                         const struct chain *signer, struct error *err)
{
    char name[CERT_TEXT_MAX];

    text_printable(name, sizeof(name), span_text(chain_leaf(signer)->subject_text));
    return (text_equal(name, named) &&
            digest_equal(key, &chain_leaf(signer)->spki_sha256)) ||
           fail(err, E_PUBLISHED_SIGNER, "it is signed by %s and names %s", name,
                named[0] != '\0' ? named : "nobody");
}

static bool is_in_date(const struct published *list, time_t now, struct error *err)
{
    char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX];

    if (now + ADOPT_AHEAD_SECONDS >= list->issued && now <= list->expires)
        return true;
    text_show_time(from, list->issued);
    text_show_time(until, list->expires);
    return fail(err, E_PUBLISHED_OVER, "it is good from %s until %s", from, until);
}

/* A publisher may get a new key; another name is another publisher, unless confirmed. */
static bool follows(const struct published *list, const struct published *before,
                    bool confirmed, struct error *err)
{
    if (before->publisher[0] == '\0')
        return fail(err, E_PUBLISHED_SIGNER, "it is the list of this appliance");
    if (!text_equal(before->publisher, list->publisher) && !confirmed)
        return fail(err, E_PUBLISHED_MOVED, "by %s now, by %s before", list->publisher,
                    before->publisher);
    if (list->sequence > before->sequence ||
        (list->sequence == before->sequence && list->issued >= before->issued))
        return true;
    return fail(err, E_PUBLISHED_OLD, "sequence %u after %u", list->sequence,
                before->sequence);
}

static bool twins_are_confirmed(const struct published *list, const struct trust *trust,
                                struct error *err)
{
    for (size_t i = 0; i < list->entries.n; i++)
        if (text_equal(list->entries.entry[i].store, STORE_ROOTS) &&
            !trust_admits(trust, &list->entries.entry[i].cert, false, err))
            return false;
    return true;
}

/* What the list brought and brings no longer will leave with the next refresh. */
static bool nothing_needed_goes(struct state *state, const struct published *list,
                                const struct published *before, time_t now,
                                struct error *err)
{
    for (size_t i = 0; i < before->entries.n; i++) {
        const struct entry *entry = &before->entries.entry[i];
        struct dependents dependents = {0};

        if (!text_equal(entry->store, STORE_ROOTS) ||
            published_find(list, entry->store, &entry->cert.sha256) != NULL)
            continue;
        if (!dependents_find(&dependents, state, &entry->cert, now, err) ||
            !dependents_none(&dependents, E_ANCHOR_NEEDED, err))
            return false;
    }
    return true;
}

static bool judge_against(const struct published *list, const struct published_lists *all,
                          struct state *state, const struct adopt_wish *wish,
                          struct error *err)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct published *before = &all->list[i];

        if (!text_equal(before->list, list->list))
            continue;
        return follows(list, before, wish->confirmed, err) &&
               (wish->force || nothing_needed_goes(state, list, before, wish->now, err));
    }
    return all->n <= PUBLISHED_LISTS_MAX ||
           fail(err, E_PUBLISHED_FULL, "%d lists are adopted", PUBLISHED_LISTS_MAX);
}

bool adopt_document(struct published *list, struct state *state, struct span document,
                    const struct adopt_wish *wish, struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};
    scoped(chain_clear) struct chain signer = {0};
    scoped(buf_clear) struct buf body = buf_upto(PUBLISHED_BYTES_MAX);
    scoped(published_lists_clear) struct published_lists all = {0};

    return trust_load(&trust, state->fd, err) &&
           document_open(&body, &signer, DOCUMENT_PUBLISHED, document, &trust, wish->now,
                         err) &&
           published_parse(list, buf_span(&body), err) &&
           is_signed_by(list->publisher, &list->key, &signer, err) &&
           is_in_date(list, wish->now, err) &&
           (wish->confirmed || twins_are_confirmed(list, &trust, err)) &&
           published_load_all(&all, state->fd, err) &&
           judge_against(list, &all, state, wish, err) &&
           published_keep(state->fd, list, err);
}

bool adopt_export_holding(struct buf *document, int state, time_t now, struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    scoped(published_lists_clear) struct published_lists lists = {0};
    scoped(buf_clear) struct buf body = buf_upto(HOLDING_BYTES_MAX);
    struct holding holding = {.at = now};

    if (!identity_load(&identity, state, true, err) ||
        !published_load_all(&lists, state, err))
        return false;
    text_printable(holding.holder, sizeof(holding.holder),
                   span_text(chain_leaf(&identity.chain)->subject_text));
    holding.key = chain_leaf(&identity.chain)->spki_sha256;
    for (size_t i = 0; i < lists.n && holding.n < COUNT(holding.item); i++) {
        (void)text_fits(holding.item[holding.n].list, lists.list[i].list);
        holding.item[holding.n++].sequence = lists.list[i].sequence;
    }
    return holding_print(&body, &holding, err) &&
           document_sign(document, DOCUMENT_HOLDING, buf_span(&body), &identity, err);
}

bool adopt_import_holding(struct holding *out, int state, struct span document, time_t now,
                          struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};
    scoped(chain_clear) struct chain signer = {0};
    scoped(buf_clear) struct buf body = buf_upto(HOLDING_BYTES_MAX);

    return trust_load(&trust, state, err) &&
           document_open(&body, &signer, DOCUMENT_HOLDING, document, &trust, now, err) &&
           holding_parse(out, buf_span(&body), err) &&
           is_signed_by(out->holder, &out->key, &signer, err) &&
           holding_keep(state, out, err);
}
