/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust publish, unpublish, match: the list this appliance publishes. */
#include "agent/audit_note.h"
#include "agent/command.h"
#include "agent/confirm.h"
#include "agent/dependents.h"
#include "agent/trust_view.h"
#include "base/text.h"
#include "certs/trust.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

struct publish_options {
    const char *store, *alias, *path;
    bool chain;
    time_t now;
};

static bool read_certificates(struct chain *out, const struct publish_options *options,
                              struct error *err)
{
    if (!chain_load(out, options->path, err))
        return false;
    return out->n == 1 || options->chain ||
           fail(err, E_PUBLISHED_CHAIN, "%s holds %zu", options->path, out->n);
}

/* Another entry of the store with this key: what the new one renews, or is renewed by. */
static const struct entry *twin_of(const struct published *own, const struct entry *entry)
{
    for (size_t i = 0; i < own->entries.n; i++) {
        const struct entry *other = &own->entries.entry[i];

        if (other != entry && text_equal(other->store, entry->store) &&
            digest_equal(&other->cert.spki_sha256, &entry->cert.spki_sha256))
            return other;
    }
    return NULL;
}

static void tell_published(struct call *call, const struct published *own,
                           const struct entry *entry, bool changed)
{
    const struct entry *renews = twin_of(own, entry);
    char hex[DIGEST_HEX];

    if (call->json) {
        trust_view_json_done(stdout, changed ? "published" : "unchanged", entry, renews,
                             false);
        return;
    }
    printf("%s (id %s)\n", changed ? "Certificate published" : "It is published already",
           entry->key_id);
    trust_view_entry(stdout, entry);
    if (renews == NULL)
        return;
    digest_hex(hex, &renews->cert.sha256);
    printf("  renews %s: the same key, so the same id; both are published\n", hex);
}

/* Of a chain only what can be an anchor: intermediates come with the chains themselves. */
static bool add_one(bool *changed, struct published *own, const struct cert *cert,
                    const struct publish_options *options, struct error *err)
{
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    struct error why = {0};

    if (text_equal(options->store, STORE_ROOTS) && !trust_may_anchor(cert, &why)) {
        if (options->chain && why.msg == E_ANCHOR_NO_CA)
            return true;
        *err = why;
        return false;
    }
    if (!entry_make(&entry, cert, options->store, options->alias, err))
        return false;
    entry.added = options->now;
    return published_add(own, &entry, &renews, changed, err);
}

static bool publish(struct call *call, struct state *state,
                    const struct publish_options *options, struct error *err)
{
    scoped(published_clear) struct published own = {0};
    scoped(chain_clear) struct chain file = {0};
    struct store_kind kind = {0};
    bool changed[CHAIN_READ_MAX] = {false};
    unsigned before;

    if (!store_kind_named(&kind, state->fd, options->store, err))
        return false;
    if (!store_is_shared(kind.name))
        return fail(err, E_STORE_LOCAL, "%s", kind.name);
    if (!read_certificates(&file, options, err) ||
        !published_load_own(&own, state->fd, err))
        return false;
    before = own.sequence;
    for (size_t i = 0; i < file.n; i++)
        if (!add_one(&changed[i], &own, &file.cert[i], options, err))
            return false;
    if (own.sequence != before && !published_save_own(state->fd, &own, err))
        return false;
    for (size_t i = 0; i < file.n; i++) {
        const struct entry *entry =
            published_find(&own, options->store, &file.cert[i].sha256);

        if (entry == NULL)
            continue;
        if (changed[i])
            audit_note_cert(state, AUDIT_TRUST, "publish", &entry->cert);
        tell_published(call, &own, entry, changed[i]);
    }
    return true;
}

static int run_publish(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    struct publish_options options = {.store = STORE_ROOTS, .now = call->now};

    options.chain = args_flag(&call->args, "--chain");
    if (!args_value(&call->args, "--store", &options.store, err) ||
        !args_value(&call->args, "--alias", &options.alias, err) ||
        !args_need(&call->args, "FILE", &options.path, err) ||
        !args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err))
        return 0;
    (void)publish(call, &state, &options, err);
    return 0;
}

struct unpublish_options {
    const char *store, *id, *path;
    bool yes, force, everywhere;
};

/* The same certificate may be published for several stores; one of them is meant. */
static bool choose_id(const struct entry **out, const struct published *own,
                      const struct unpublish_options *options, struct error *err)
{
    scoped(store_clear) struct store those = {0};
    struct error why = {0};
    struct entry *entry = NULL;

    for (size_t i = 0; i < own->entries.n; i++)
        if (text_equal(own->entries.entry[i].store, options->store) &&
            !store_add(&those, &own->entries.entry[i], err))
            return false;
    if (!store_choose(&entry, &those, options->id, &why))
        return fail(err, why.msg == E_ANCHOR_UNKNOWN ? E_PUBLISHED_NONE : why.msg, "%s",
                    why.about);
    *out = published_find(own, options->store, &entry->cert.sha256);
    return *out != NULL;
}

/* By the file, as dir-cli does (V-10), or by an id; the entry is one of our own list. */
static bool choose(const struct entry **out, const struct published *own,
                   const struct unpublish_options *options, struct error *err)
{
    scoped(chain_clear) struct chain file = {0};
    const struct publish_options reading = {.path = options->path};

    if (options->id != NULL)
        return choose_id(out, own, options, err);
    if (!read_certificates(&file, &reading, err))
        return false;
    *out = published_find(own, options->store, &chain_leaf(&file)->sha256);
    return *out != NULL ||
           fail(err, E_PUBLISHED_NONE, "%s", cert_issued_to(chain_leaf(&file)));
}

static bool is_needed_here(struct call *call, struct state *state,
                           const struct entry *entry, struct error *err)
{
    struct dependents dependents = {0};

    return !text_equal(entry->store, STORE_ROOTS) ||
           (dependents_find(&dependents, state, &entry->cert, call->now, err) &&
            dependents_none(&dependents, E_ANCHOR_NEEDED, err));
}

static bool unpublish(struct call *call, struct state *state,
                      const struct unpublish_options *options, struct error *err)
{
    scoped(published_clear) struct published own = {0};
    scoped(entry_clear) struct entry gone = {0};
    const struct entry *entry = NULL;
    char hex[DIGEST_HEX];

    if (!published_load_own(&own, state->fd, err) || !choose(&entry, &own, options, err) ||
        (!options->force && !is_needed_here(call, state, entry, err)))
        return false;
    digest_hex(hex, &entry->cert.sha256);
    if (!options->yes) {
        fprintf(stderr, "Unpublish for every appliance that adopts this list:\n");
        trust_view_entry_text(stderr, entry);
        if (!confirm_typed("Removing the wrong certificate can cut them off.", entry->alias,
                           hex, err))
            return false;
    }
    if (!entry_make(&gone, &entry->cert, entry->store, entry->alias, err) ||
        !published_remove(&own, gone.store, &gone.cert.sha256, options->everywhere,
                          call->now, err) ||
        !published_save_own(state->fd, &own, err))
        return false;
    audit_note_cert(state, AUDIT_TRUST, "unpublish", &gone.cert);
    if (call->json) {
        trust_view_json_done(stdout, "unpublished", &gone, NULL, false);
        return true;
    }
    printf("Certificate unpublished (id %s); %zu left in the list\n", gone.key_id,
           own.entries.n);
    trust_view_entry(stdout, &gone);
    printf("`pairgate trust refresh` takes it out of the store here, `trust export` and "
           "`trust adopt` elsewhere.\n");
    return true;
}

static int run_unpublish(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    struct unpublish_options options = {.store = STORE_ROOTS};

    options.yes = args_flag(&call->args, "-y");
    options.force = args_flag(&call->args, "--force");
    options.everywhere = args_flag(&call->args, "--everywhere");
    if (!args_value(&call->args, "--store", &options.store, err) ||
        !args_value(&call->args, "--id", &options.id, err) ||
        (options.id == NULL &&
         !args_need(&call->args, "FILE or --id", &options.path, err)) ||
        !args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err))
        return 0;
    (void)unpublish(call, &state, &options, err);
    return 0;
}

static void upper(char out[CERT_TEXT_MAX], const char *id)
{
    size_t n = 0;

    for (; *id != '\0' && n + 1 < CERT_TEXT_MAX; id++)
        if (*id != ':')
            out[n++] = (char)toupper((unsigned char)*id);
    out[n] = '\0';
}

/* How an id of VMDIR and an entry belong together; NULL when they do not (V-07, T-34). */
static const char *how_matched(const struct entry *entry, const char *id)
{
    char of_spki[SHA1_HEX], hex[DIGEST_HEX], wanted[CERT_TEXT_MAX];

    upper(wanted, id);
    entry_key_id_of_spki(of_spki, &entry->cert);
    digest_hex(hex, &entry->cert.sha256);
    if (text_equal(entry->key_id, wanted))
        return entry->cert.has_ski ? "subject key identifier"
                                   : "no identifier: SHA-1 of the key's bits";
    if (text_equal(of_spki, wanted))
        return entry->cert.has_ski ? "SHA-1 of the SubjectPublicKeyInfo"
                                   : "no identifier: SHA-1 of the SubjectPublicKeyInfo";
    if (strcasecmp(entry->sha1, wanted) == 0)
        return "SHA-1 of the certificate";
    for (char *c = hex; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return text_equal(hex, wanted) ? "SHA-256" : NULL;
}

static bool match_one(const char *id, const struct store *store)
{
    bool found = false;

    for (size_t i = 0; i < store->n; i++) {
        const char *how = how_matched(&store->entry[i], id);

        if (how == NULL)
            continue;
        printf("%s\n  %s, alias %s\n  matched by %s\n", id,
               store->entry[i].cert.subject_text, store->entry[i].alias, how);
        found = true;
    }
    if (!found)
        printf("%s\n  no certificate of the store has this id\n", id);
    return found;
}

/* Ids given (from another product's list), or those of every published list. */
static int run_match(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(store_clear) struct store store = {0};
    scoped(published_lists_clear) struct published_lists lists = {0};
    const char *id = args_operand(&call->args);
    bool all = true, given = id != NULL;

    if (!state_open(&state, call->state_dir, err) ||
        !store_load(&store, state.fd, STORE_ROOTS, err) ||
        !published_load_all(&lists, state.fd, err))
        return 0;
    for (; id != NULL; id = args_operand(&call->args))
        all &= match_one(id, &store);
    if (!args_end(&call->args, err))
        return 0;
    for (size_t i = 0; i < lists.n && !given; i++)
        for (size_t k = 0; k < lists.list[i].entries.n; k++)
            if (text_equal(lists.list[i].entries.entry[k].store, STORE_ROOTS))
                all &= match_one(lists.list[i].entries.entry[k].key_id, &store);
    return all ? 0 : 1;
}

const struct command commands_published[] = {
    {"trust publish", "[--store S] [--alias A] [--chain] FILE",
     "put a certificate into the list that this appliance publishes", run_publish},
    {"trust unpublish", "[--store S] [-y] [--force] [--everywhere] FILE | --id ID",
     "take it out again", run_unpublish},
    {"trust match", "[ID…]",
     "which entry has which published id, also where no identifier is written", run_match},
    {0},
};
