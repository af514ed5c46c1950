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

/* Append the certificates of one more file; damage is a finding that names the file. */
static bool read_more(struct chain *out, struct span file, size_t number,
                      struct report *report, struct error *err)
{
    scoped(chain_clear) struct chain one = {0};
    struct error why = {0}, finding = {0};

    if (!chain_parse(&one, file, &why)) {
        fail(&finding, why.msg, "file %zu: %s", number, why.about);
        report_add(report, &finding);
        return true;
    }
    for (size_t i = 0; i < one.n; i++) {
        if (out->n == CHAIN_READ_MAX)
            return fail(err, E_CHAIN_ENDLESS, "more than %d certificates", CHAIN_READ_MAX);
        if (!chain_add_der(out, buf_span(&one.cert[i].der), err))
            return false;
    }
    return true;
}

/* Leaf first, along the path, then what is not on it. */
static bool put_in_order(struct chain *chain, struct error *err)
{
    scoped(chain_clear) struct chain sorted = {0};
    struct chain_order order = {0};
    bool taken[CHAIN_READ_MAX] = {false};

    chain_lay_order(&order, chain);
    for (size_t i = 0; i < order.n; i++) {
        taken[order.path[i]] = true;
        if (!chain_add_der(&sorted, buf_span(&chain->cert[order.path[i]].der), err))
            return false;
    }
    for (size_t i = 0; i < chain->n; i++)
        if (!taken[i] && !chain_add_der(&sorted, buf_span(&chain->cert[i].der), err))
            return false;
    chain_clear(chain);
    *chain = sorted; /* moved */
    sorted = (struct chain){0};
    return true;
}

static bool judge_files(struct upload *out, struct span file,
                        const struct upload_wish *wish, struct judged *judged,
                        struct error *err)
{
    if (wish->mores == 0) {
        rules_judge_file(&out->given, file, judged, &out->report);
        return true;
    }
    if (!read_more(&out->given, file, 1, &out->report, err))
        return false;
    for (size_t i = 0; i < wish->mores; i++)
        if (!read_more(&out->given, wish->more[i], i + 2, &out->report, err))
            return false;
    if (out->given.n > 0 && !put_in_order(&out->given, err))
        return false;
    judged->chain = &out->given;
    if (report_errors(&out->report) == 0)
        rules_judge(judged, &out->report);
    return true;
}

static bool lay_sorted(struct upload *out, struct error *err)
{
    struct chain_order order = {0};

    if (out->given.n == 0)
        return true;
    chain_lay_order(&order, &out->given);
    return chain_sorted(&out->sorted, &out->given, &order, err);
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

    out->policy = wish->policy;
    if (!judge_files(out, file, wish, &judged, err))
        return false;
    out->accepted = report_errors(&out->report) == 0;
    return lay_sorted(out, err);
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
        (void)text_fits(upload->purpose, (*answered)->purpose);
        upload->requested = (*answered)->created;
        return ledger_load_key(out, state->fd, *answered, err);
    }
    if (!identity_load(&now, state->fd, true, err))
        return false;
    (void)text_fits(upload->purpose, now.purpose);
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
    const struct identity_parts parts = {.key = &key,
                                         .chain = &upload->sorted,
                                         .origin =
                                             single ? IDENTITY_SINGLE : IDENTITY_CHAIN};
    const struct identity_change change = {.reason = single ? "certificate upload"
                                                            : "chain upload",
                                           .purpose = upload->purpose,
                                           .now = wish->made,
                                           .deadline = wish->deadline};
    struct error note = {0};

    if (!root_is_admitted(upload, state, wish, err) ||
        !find_key(&key, upload, state, ledger, &answered, err) ||
        !identity_make(&upload->number, state->fd, &parts, &change, err))
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

/* One certificate that signed itself, one signed by a CA, or a chain. */
static enum identity_origin origin_of(const struct upload *upload)
{
    const struct cert *leaf = chain_leaf(&upload->sorted);

    if (upload->sorted.n > 1)
        return IDENTITY_CHAIN;
    return cert_is_self_issued(leaf) && cert_is_signed_by(leaf, leaf) ? IDENTITY_SELF_SIGNED
                                                                      : IDENTITY_SINGLE;
}

bool upload_import(struct upload *out, const struct state *state, const struct key *key,
                   const struct upload_wish *wish, const char *purpose, struct error *err)
{
    struct upload_wish as = *wish;
    struct judged judged = {.chain = &out->given, .policy = wish->policy, .now = wish->now};
    struct identity_parts parts = {.key = key, .chain = &out->sorted};
    const struct identity_change change = {.reason = "import",
                                           .purpose = purpose,
                                           .imported = true,
                                           .now = wish->made,
                                           .deadline = wish->deadline};

    out->policy = wish->policy;
    if (!put_in_order(&out->given, err) || !lay_sorted(out, err))
        return false;
    if (!span_equal(buf_span(&key->spki), chain_leaf(&out->sorted)->spki))
        return fail(err, E_IDENTITY_KEY, "%s", cert_issued_to(chain_leaf(&out->sorted)));
    as.occasion = out->given.n > 1 ? OCCASION_UPLOAD : OCCASION_SINGLE;
    judged.occasion = as.occasion;
    rules_judge(&judged, &out->report);
    out->accepted = report_errors(&out->report) == 0;
    if (!out->accepted)
        return true;
    parts.origin = origin_of(out);
    return root_is_admitted(out, state, &as, err) &&
           identity_make(&out->number, state->fd, &parts, &change, err);
}
