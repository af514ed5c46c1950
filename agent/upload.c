/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/upload.h"

#include "agent/view_text.h"
#include "base/text.h"
#include "certs/identity.h"
#include "certs/trust.h"

void upload_clear(struct upload *upload)
{
    chain_clear(&upload->given);
    chain_clear(&upload->sorted);
    chain_clear(&upload->client);
    report_clear(&upload->report);
    *upload = (struct upload){0};
}

struct leaves upload_leaves(const struct upload *upload)
{
    return leaves_two(&upload->sorted, &upload->client);
}

static bool add_chain(struct chain *out, const struct chain *more, struct error *err)
{
    for (size_t i = 0; i < more->n; i++) {
        if (out->n == CHAIN_READ_MAX)
            return fail(err, E_CHAIN_ENDLESS, "more than %d certificates", CHAIN_READ_MAX);
        if (!chain_add_der(out, buf_span(&more->cert[i].der), err))
            return false;
    }
    return true;
}

/* Append the certificates of one more file; damage is a finding that names the file. */
static bool read_more(struct chain *out, struct span file, const char *name,
                      struct report *report, struct error *err)
{
    scoped(chain_clear) struct chain one = {0};
    struct error why = {0}, finding = {0};

    if (chain_parse(&one, file, &why))
        return add_chain(out, &one, err);
    fail(&finding, why.msg, "%.200s: %.300s", name, why.about);
    report_add(report, &finding);
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

/* Everything in the files, and what of them is no certificate. */
static bool read_files(struct upload *out, struct span file, const struct upload_wish *wish,
                       struct error *err)
{
    struct error why = {0};

    if (wish->mores > 0) {
        for (size_t i = 0; i <= wish->mores; i++)
            if (!read_more(&out->given, i == 0 ? file : wish->more[i - 1], wish->name[i],
                           &out->report, err))
                return false;
    } else if (!chain_parse(&out->given, file, &why)) {
        report_add(&out->report, &why);
    }
    return true;
}

/* The chains as they are judged: what came in several files has no order. */
struct laid {
    struct chain server; /* or of the only leaf */
    struct chain client; /* empty when there is one leaf */
};

static void laid_clear(struct laid *laid)
{
    chain_clear(&laid->server);
    chain_clear(&laid->client);
}

static bool lay(struct laid *out, const struct chain *given, enum occasion occasion,
                bool in_order, struct error *err)
{
    if (occasion != OCCASION_UPLOAD)
        return chain_copy(&out->server, given, err);
    return leaves_part(&out->server, &out->client, given, err) &&
           (in_order || (put_in_order(&out->server, err) &&
                         (out->client.n == 0 || put_in_order(&out->client, err))));
}

static void judge_chain(struct upload *out, const struct chain *chain, enum leaf_use use,
                        struct judged *judged)
{
    scoped(report_clear) struct report found = {0};

    judged->chain = chain;
    judged->use = use;
    rules_judge(judged, &found);
    for (size_t i = 0; i < found.n; i++)
        leaves_tell(&out->report, leaf_use_words(use), &found.item[i]);
    out->report.dropped += found.dropped;
}

static void judge_laid(struct upload *out, const struct laid *laid, struct judged *judged)
{
    const struct leaves leaves = leaves_two(&laid->server, &laid->client);
    const bool split = leaves_are_split(&leaves);

    judge_chain(out, &laid->server, split ? LEAF_SERVER : LEAF_BOTH, judged);
    if (split)
        judge_chain(out, &laid->client, LEAF_CLIENT, judged);
    leaves_judge(&leaves, judged->policy, judged->occasion, &out->report);
}

static bool sort(struct chain *out, const struct chain *chain, struct error *err)
{
    struct chain_order order = {0};

    if (chain->n == 0)
        return true;
    chain_lay_order(&order, chain);
    return chain_sorted(out, chain, &order, err);
}

bool upload_judge(struct upload *out, struct span file, const struct upload_wish *wish,
                  const struct upload_keys *keys, struct error *err)
{
    scoped(laid_clear) struct laid laid = {0};
    struct judged judged = {.policy = wish->policy,
                            .occasion = wish->occasion,
                            .now = wish->now,
                            .request_spki = keys != NULL ? keys->spki : NULL,
                            .requests = keys != NULL ? keys->n : 0,
                            .has_requests = keys != NULL};
    const bool alone = wish->mores == 0 && wish->other == NULL;

    out->policy = wish->policy;
    if (!read_files(out, file, wish, err) ||
        (wish->other != NULL && !add_chain(&out->given, wish->other, err)))
        return false;
    if (out->given.n > 0 && !lay(&laid, &out->given, wish->occasion, alone, err))
        return false;
    if (report_errors(&out->report) == 0)
        judge_laid(out, &laid, &judged);
    out->accepted = report_errors(&out->report) == 0;
    return sort(&out->sorted, &laid.server, err) && sort(&out->client, &laid.client, err);
}

/* What an upload needs of this appliance. */
struct office {
    const struct state *state;
    struct ledger ledger;
    struct identity now; /* without its keys */
};

static void office_clear(struct office *office)
{
    ledger_clear(&office->ledger);
    identity_clear(&office->now);
}

/* The private key of the leaf: that of a request, or one in use. */
static bool find_key(struct key *out, struct upload_answer *answer,
                     const struct chain *chain, const struct office *office,
                     struct error *err)
{
    const struct cert *leaf = chain_leaf(chain);
    const struct pending *asked = ledger_find_key(&office->ledger, &leaf->spki_sha256);
    scoped(identity_clear) struct identity now = {0};
    struct key *key = &now.client_key;

    if (asked != NULL) {
        (void)text_fits(answer->request, asked->id);
        (void)text_fits(answer->purpose, asked->purpose);
        answer->requested = asked->created;
        return ledger_load_key(out, office->state->fd, asked, err);
    }
    if (!identity_load(&now, office->state->fd, true, err))
        return false;
    (void)text_fits(answer->purpose, now.purpose);
    if (span_equal(buf_span(&now.key.spki), leaf->spki))
        key = &now.key;
    *out = *key; /* moved */
    *key = key_none();
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

/* A request is answered, and perhaps by less than was asked for: notes for people. Not of
 * the one of two leaves that stays. */
static void note_answer(struct report *report, const struct office *office,
                        const struct chain *chain, enum leaf_use use, time_t now)
{
    const struct cert *before = chain_leaf(identity_chain(&office->now, use));
    const struct cert *leaf = chain->n > 0 ? chain_leaf(chain) : NULL;
    const struct pending *asked =
        leaf != NULL ? ledger_find_key(&office->ledger, &leaf->spki_sha256) : NULL;
    struct error note = {0};

    if (asked == NULL || digest_equal(&leaf->sha256, &before->sha256))
        return;
    csr_diff_dropped(report, &asked->request, leaf);
    if (!ledger_mark_used(office->state->fd, asked, now, &note))
        view_text_finding(stderr, &note);
}

static bool install(struct upload *upload, const struct office *office,
                    const struct upload_wish *wish, struct error *err)
{
    const bool single = wish->occasion == OCCASION_SINGLE;
    scoped(key_clear) struct key key = key_none(), client_key = key_none();
    struct identity_parts parts = {.key = &key,
                                   .chain = &upload->sorted,
                                   .origin = single ? IDENTITY_SINGLE : IDENTITY_CHAIN};
    const struct identity_change change = {.reason = single ? "certificate upload"
                                                            : "chain upload",
                                           .purpose = upload->answer.purpose,
                                           .now = wish->made,
                                           .deadline = wish->deadline};

    if (!root_is_admitted(upload, office->state, wish, err) ||
        !find_key(&key, &upload->answer, &upload->sorted, office, err))
        return false;
    if (upload->client.n > 0) {
        parts.client_key = &client_key;
        parts.client_chain = &upload->client;
        if (!find_key(&client_key, &upload->client_answer, &upload->client, office, err))
            return false;
    }
    if (!identity_make(&upload->number, office->state->fd, &parts, &change, err))
        return false;
    note_answer(&upload->report, office, &upload->sorted, LEAF_SERVER, wish->now);
    note_answer(&upload->report, office, &upload->client, LEAF_CLIENT, wish->now);
    return true;
}

static bool same_chain(const struct chain *a, const struct chain *b)
{
    struct digest one, other;

    chain_digest(&one, a);
    chain_digest(&other, b);
    return digest_equal(&one, &other);
}

/* The same certificates are in use already, in the same role. */
static bool is_in_use(const struct upload *upload, const struct identity *now,
                      const struct upload_wish *wish)
{
    const enum identity_origin origin =
        wish->occasion == OCCASION_SINGLE ? IDENTITY_SINGLE : IDENTITY_CHAIN;

    return now->origin == origin && same_chain(&now->chain, &upload->sorted) &&
           same_chain(&now->client_chain, &upload->client);
}

bool upload_install(struct upload *out, const struct state *state, struct span file,
                    const struct upload_wish *wish, struct error *err)
{
    scoped(office_clear) struct office office = {.state = state};
    struct upload_wish whole = *wish;
    struct span spki[LEDGER_MAX + 2];
    struct upload_keys keys = {.spki = spki};

    if (!ledger_load(&office.ledger, state->fd, err) ||
        !identity_load(&office.now, state->fd, false, err))
        return false;
    for (size_t i = 0; i < office.ledger.n; i++)
        spki[keys.n++] = office.ledger.item[i].request.spki;
    spki[keys.n++] = buf_span(&office.now.key.spki);
    if (identity_is_split(&office.now))
        spki[keys.n++] = buf_span(&office.now.client_key.spki);
    if (wish->renews != LEAF_BOTH)
        whole.other = identity_chain(
            &office.now, wish->renews == LEAF_CLIENT ? LEAF_SERVER : LEAF_CLIENT);
    if (!upload_judge(out, file, &whole, &keys, err))
        return false;
    if (!out->accepted)
        return true;
    if (is_in_use(out, &office.now, wish)) {
        out->unchanged = true;
        out->number = office.now.number;
        return true;
    }
    return install(out, &office, wish, err);
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

/* The key of the leaf among the two. */
static bool match_key(const struct key **out, const struct key keys[2],
                      const struct chain *chain, struct error *err)
{
    const struct cert *leaf = chain_leaf(chain);

    for (size_t i = 0; i < 2; i++) {
        *out = &keys[i];
        if (span_equal(buf_span(&keys[i].spki), leaf->spki))
            return true;
    }
    return fail(err, E_IDENTITY_KEY, "%s", cert_issued_to(leaf));
}

static bool match_keys(struct identity_parts *out, const struct upload *upload,
                       const struct key keys[2], struct error *err)
{
    const bool split = upload->client.n > 0;

    out->chain = &upload->sorted;
    if (keys[1].spki.n > 0 && !split)
        return fail(err, E_IDENTITY_KEY, "two keys and one leaf, %s",
                    cert_issued_to(chain_leaf(&upload->sorted)));
    if (!match_key(&out->key, keys, &upload->sorted, err))
        return false;
    if (!split)
        return true;
    out->client_chain = &upload->client;
    return match_key(&out->client_key, keys, &upload->client, err);
}

bool upload_import(struct upload *out, const struct state *state, const struct key keys[2],
                   const struct upload_wish *wish, const char *purpose, struct error *err)
{
    scoped(laid_clear) struct laid laid = {0};
    struct upload_wish as = *wish;
    struct judged judged = {.policy = wish->policy, .now = wish->now};
    struct identity_parts parts = {0};
    const struct identity_change change = {.reason = "import",
                                           .purpose = purpose,
                                           .imported = true,
                                           .now = wish->made,
                                           .deadline = wish->deadline};

    out->policy = wish->policy;
    as.occasion = out->given.n > 1 ? OCCASION_UPLOAD : OCCASION_SINGLE;
    judged.occasion = as.occasion;
    if (!lay(&laid, &out->given, as.occasion, false, err) ||
        !sort(&out->sorted, &laid.server, err) || !sort(&out->client, &laid.client, err) ||
        !match_keys(&parts, out, keys, err))
        return false;
    judge_laid(out, &laid, &judged);
    out->accepted = report_errors(&out->report) == 0;
    if (!out->accepted)
        return true;
    parts.origin = origin_of(out);
    return root_is_admitted(out, state, &as, err) &&
           identity_make(&out->number, state->fd, &parts, &change, err);
}
