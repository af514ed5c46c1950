/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/upload.h"

#include "base/text.h"
#include "certs/identity.h"
#include "certs/trust.h"

void upload_clear(struct upload *upload)
{
    chain_clear(&upload->given);
    chain_clear(&upload->sorted);
    report_clear(&upload->report);
    *upload = (struct upload){0};
}

bool upload_judge(struct upload *out, struct span file, const struct upload_wish *wish,
                  const struct upload_keys *keys, struct error *err)
{
    struct judged judged = {.policy = wish->policy,
                            .occasion = wish->occasion,
                            .now = wish->now,
                            .request_spki = keys != NULL ? keys->spki : NULL,
                            .requests = keys != NULL ? keys->n : 0,
                            .has_requests = keys != NULL};
    struct chain_order order = {0};

    out->policy = wish->policy;
    rules_judge_file(&out->given, file, &judged, &out->report);
    out->accepted = report_errors(&out->report) == 0;
    if (out->given.n == 0)
        return true;
    chain_lay_order(&order, &out->given);
    return chain_sorted(&out->sorted, &out->given, &order, err);
}

/* The private key of the leaf: that of a request, or the one in use. */
static bool find_key(struct key *out, struct upload *upload, const struct state *state,
                     const struct ledger *ledger, const struct pending **answered,
                     struct error *err)
{
    scoped(identity_clear) struct identity now = {0};

    *answered = ledger_find_key(ledger, &chain_leaf(&upload->sorted)->spki_sha256);
    if (*answered != NULL) {
        (void)text_fits(upload->request, (*answered)->id);
        return ledger_load_key(out, state->fd, *answered, err);
    }
    if (!identity_load(&now, state->fd, true, err))
        return false;
    *out = now.key; /* moved */
    now.key = key_none();
    return true;
}

static bool root_is_admitted(const struct upload *upload, const struct state *state,
                             const struct upload_wish *wish, struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};

    return wish->occasion != OCCASION_UPLOAD ||
           (trust_load(&trust, state->fd, err) &&
            trust_admits(&trust, chain_root(&upload->sorted), wish->confirm_anchor, err));
}

static bool install(struct upload *upload, const struct state *state,
                    const struct upload_wish *wish, const struct ledger *ledger,
                    struct error *err)
{
    const bool single = wish->occasion == OCCASION_SINGLE;
    scoped(key_clear) struct key key = key_none();
    const struct pending *answered = NULL;
    struct error note = {0};

    if (!root_is_admitted(upload, state, wish, err) ||
        !find_key(&key, upload, state, ledger, &answered, err) ||
        !identity_install(&upload->number, state->fd, &key, &upload->sorted,
                          single ? IDENTITY_SINGLE : IDENTITY_CHAIN,
                          single ? "certificate upload" : "chain upload", err))
        return false;
    /* The link has moved; that the request is answered is but a note for people. */
    return answered == NULL || ledger_mark_used(state->fd, answered, wish->now, &note) ||
           note.msg != E_NONE;
}

/* The same certificates are in use already, in the same role. */
static bool is_in_use(const struct upload *upload, const struct identity *now,
                      const struct upload_wish *wish)
{
    const enum identity_origin origin =
        wish->occasion == OCCASION_SINGLE ? IDENTITY_SINGLE : IDENTITY_CHAIN;
    struct digest ours, theirs;

    chain_digest(&ours, &now->chain);
    chain_digest(&theirs, &upload->sorted);
    return now->origin == origin && digest_equal(&ours, &theirs);
}

bool upload_install(struct upload *out, const struct state *state, struct span file,
                    const struct upload_wish *wish, struct error *err)
{
    scoped(identity_clear) struct identity now = {0};
    scoped(ledger_clear) struct ledger ledger = {0};
    struct span spki[LEDGER_MAX + 1];
    struct upload_keys keys = {.spki = spki};

    if (!ledger_load(&ledger, state->fd, err) ||
        !identity_load(&now, state->fd, false, err))
        return false;
    for (size_t i = 0; i < ledger.n; i++)
        spki[keys.n++] = ledger.item[i].request.spki;
    spki[keys.n++] = buf_span(&now.key.spki);
    if (!upload_judge(out, file, wish, &keys, err))
        return false;
    if (!out->accepted)
        return true;
    if (is_in_use(out, &now, wish)) {
        out->unchanged = true;
        out->number = now.number;
        return true;
    }
    return install(out, state, wish, &ledger, err);
}
