/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust show, import, remove, undo: the local stores. */
#include "agent/audit_note.h"
#include "agent/command.h"
#include "agent/confirm.h"
#include "agent/dependents.h"
#include "agent/trust_list.h"
#include "agent/trust_view.h"
#include "base/text.h"
#include "certs/identity.h"
#include "certs/tomb.h"
#include "certs/trust.h"

#include <stdio.h>
#include <string.h>

#define PEM_MAX (2 * CERT_DER_MAX)

/* --store S, by default that of the anchors. */
static bool read_store(const char **out, struct args *args, struct error *err)
{
    *out = STORE_ROOTS;
    return args_value(args, "--store", out, err);
}

static int run_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(store_clear) struct store store = {0};
    scoped(buf_clear) struct buf pem = buf_upto(PEM_MAX);
    struct entry *entry = NULL;
    const char *name, *which = NULL;

    if (!read_store(&name, &call->args, err) ||
        !args_need(&call->args, "ALIAS or SHA256", &which, err) ||
        !args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !store_load(&store, state.fd, name, err) ||
        !store_choose(&entry, &store, which, err) || !cert_to_pem(&pem, &entry->cert, err))
        return 0;
    if (call->json) {
        trust_view_json_entry(stdout, entry, buf_span(&pem));
        return 0;
    }
    trust_view_entry_text(stdout, entry);
    fwrite(pem.at, 1, pem.n, stdout);
    return 0;
}

struct import_options {
    const char *store, *alias, *path;
    bool confirmed;
};

static bool read_file(struct chain *out, const char *path, struct error *err)
{
    if (!chain_load(out, path, err))
        return false;
    return out->n == 1 || fail(err, E_ANCHOR_SEVERAL, "%s holds %zu", path, out->n);
}

/* A store that reaches all is published too. */
static bool publish_everywhere(int state, const struct store_kind *kind,
                               const struct entry *entry, struct error *err)
{
    scoped(published_clear) struct published own = {0};
    const struct entry *renews = NULL;
    bool changed = false;

    if (kind->import != REACH_ALL)
        return true;
    return published_load_own(&own, state, err) &&
           published_add(&own, entry, &renews, &changed, err) &&
           (!changed || published_save_own(state, &own, err));
}

static bool import(struct entry *entry, struct call *call, struct state *state,
                   const struct import_options *options, struct error *err)
{
    scoped(chain_clear) struct chain file = {0};
    struct store_kind kind = {0};

    if (!store_kind_named(&kind, state->fd, options->store, err))
        return false;
    if (kind.holds == STORE_HOLDS_IDENTITY || kind.holds == STORE_HOLDS_CRLS)
        return fail(err, E_STORE_SYSTEM, "%s takes no such certificate", kind.name);
    if (!read_file(&file, options->path, err) ||
        !entry_make(entry, chain_leaf(&file), options->store, options->alias, err))
        return false;
    entry->added = call->now;
    if (kind.holds == STORE_HOLDS_ANCHORS)
        return trust_import(state->fd, entry, options->confirmed, err);
    if (entry->cert.not_before.form == FORM_BAD || entry->cert.not_after.form == FORM_BAD)
        return fail(err, E_ANCHOR_TIME, "%s", cert_issued_to(&entry->cert));
    return store_put(state->fd, entry, err) &&
           publish_everywhere(state->fd, &kind, entry, err);
}

static int run_import(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(entry_clear) struct entry entry = {0};
    struct import_options options = {0};
    bool same_word;

    options.confirmed = args_flag(&call->args, "--confirm");
    same_word = args_flag(&call->args, "--confirm-anchor"); /* as `chain upload` calls it */
    options.confirmed |= same_word;
    if (!read_store(&options.store, &call->args, err) ||
        !args_value(&call->args, "--alias", &options.alias, err) ||
        !args_need(&call->args, "FILE", &options.path, err) ||
        !args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err) || !import(&entry, call, &state, &options, err))
        return 0;
    audit_note_cert(&state, AUDIT_TRUST, "import", &entry.cert);
    if (call->json) {
        trust_view_json_entry(stdout, &entry, (struct span){0});
        return 0;
    }
    printf("Imported into %s\n", options.store);
    trust_view_entry(stdout, &entry);
    return 0;
}

struct removing {
    const char *store, *which;
    bool yes, force;
    bool comes_back; /* it is published */
};

static bool is_own_key(int state, const struct entry *entry, bool *own, struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};

    if (!identity_load(&identity, state, false, err))
        return false;
    *own =
        span_equal(entry->cert.spki, buf_span(&identity.key.spki)) ||
        span_equal(entry->cert.spki, buf_span(&identity_key(&identity, LEAF_CLIENT)->spki));
    return true;
}

/* The last anchor, the system's own and what others depend on stay. */
static bool may_remove(struct call *call, struct state *state, const struct entry *entry,
                       const struct removing *removing, struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};
    struct dependents dependents = {0};
    bool own = false;

    if (text_equal(entry->store, STORE_IDENTITY) ||
        (!text_equal(entry->store, STORE_ROOTS) &&
         (!is_own_key(state->fd, entry, &own, err) || own)))
        return fail(err, E_STORE_SYSTEM, "%s", entry->alias);
    if (!text_equal(entry->store, STORE_ROOTS))
        return true;
    if (entry->cert.not_before.form == FORM_BAD || entry->cert.not_after.form == FORM_BAD)
        return true; /* it is none, and in the way of every command */
    return trust_load(&trust, state->fd, err) &&
           trust_may_remove(&trust, &entry->cert.sha256, err) &&
           (removing->force ||
            (dependents_find(&dependents, state, &entry->cert, call->now, err) &&
             dependents_none(&dependents, E_ANCHOR_NEEDED, err)));
}

/* What removing it here means elsewhere, and later: our own list follows a removal that
 * reaches all, another appliance's does not. */
static bool foresee(const struct entry *entry, struct removing *removing, int state,
                    struct error *err)
{
    scoped(published_lists_clear) struct published_lists lists = {0};
    struct store_kind kind = {0};
    bool is_all;

    if (!published_load_all(&lists, state, err) ||
        !store_kind_named(&kind, state, entry->store, err))
        return false;
    is_all = kind.removal == REACH_ALL;
    for (size_t i = 0; i < lists.n; i++)
        removing->comes_back |=
            (!is_all || lists.list[i].publisher[0] != '\0') &&
            published_find(&lists.list[i], entry->store, &entry->cert.sha256) != NULL;
    if (is_all)
        fprintf(stderr,
                "It goes from %s of every appliance that adopts the next list of "
                "this one.\n",
                entry->store);
    if (removing->comes_back)
        fprintf(
            stderr,
            "It is still published as %s: the next refresh brings it back. Unpublish it "
            "first (`pairgate trust unpublish`).\n",
            entry->key_id);
    return true;
}

static bool ask(const struct entry *entry, struct removing *removing, int state,
                struct error *err)
{
    char hex[DIGEST_HEX];

    if (!foresee(entry, removing, state, err))
        return false;
    if (removing->yes)
        return true;
    digest_hex(hex, &entry->cert.sha256);
    fprintf(stderr, "Remove from %s:\n", entry->store);
    trust_view_entry_text(stderr, entry);
    return confirm_typed("Removing the wrong certificate can cut this appliance off.",
                         entry->alias, hex, err);
}

static bool remove_entry(struct call *call, struct state *state, const struct entry *entry,
                         struct error *err)
{
    scoped(published_clear) struct published own = {0};
    struct store_kind kind = {0};

    if (!store_kind_named(&kind, state->fd, entry->store, err) ||
        !tomb_lay(state->fd, entry, call->now, err))
        return false;
    if (kind.removal != REACH_ALL)
        return true;
    return published_load_own(&own, state->fd, err) &&
           published_remove(&own, entry->store, &entry->cert.sha256, true, call->now,
                            err) &&
           published_save_own(state->fd, &own, err);
}

static int run_remove(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(store_clear) struct store store = {0};
    struct removing removing = {0};
    struct entry *entry = NULL;

    removing.yes = args_flag(&call->args, "-y");
    removing.force = args_flag(&call->args, "--force");
    if (!read_store(&removing.store, &call->args, err) ||
        !args_need(&call->args, "ALIAS or SHA256", &removing.which, err) ||
        !args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err) || !store_load(&store, state.fd, removing.store, err) ||
        !store_choose(&entry, &store, removing.which, err) ||
        !may_remove(call, &state, entry, &removing, err) ||
        !ask(entry, &removing, state.fd, err) || !remove_entry(call, &state, entry, err))
        return 0;
    audit_note_cert(&state, AUDIT_TRUST, "remove", &entry->cert);
    if (call->json) {
        trust_view_json_done(stdout, "removed", entry, NULL, removing.comes_back);
        return 0;
    }
    printf("Removed from %s; `pairgate trust undo %s` brings it back within 30 days.\n",
           removing.store, entry->alias);
    trust_view_entry(stdout, entry);
    return 0;
}

/* How far an undo reaches: as far as an import into that store does. */
static void tell_undone(const struct store_kind *kind, const struct entry *entry,
                        bool came_by_list)
{
    printf("Back in %s\n", entry->store);
    if (kind->import == REACH_ALL)
        printf(
            "It is published again: every appliance that adopts the next list has it.\n");
    else if (kind->removal == REACH_ALL || came_by_list)
        printf("It is back here alone, as imported by hand. The appliances that share the "
               "list keep it removed%s.\n",
               kind->removal == REACH_ALL
                   ? ": import it there"
                   : " until it is published: pairgate trust publish");
    trust_view_entry(stdout, entry);
}

static int run_undo(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(store_clear) struct store tombs = {0};
    struct store_kind kind = {0};
    struct entry *entry = NULL;
    const char *which = NULL;
    bool came_by_list;

    if (!args_need(&call->args, "ALIAS or SHA256", &which, err) ||
        !args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err) || !tombs_load(&tombs, state.fd, call->now, err) ||
        !store_choose(&entry, &tombs, which, err) ||
        !store_kind_named(&kind, state.fd, entry->store, err) ||
        !tomb_undo(state.fd, entry, call->now, err) ||
        !publish_everywhere(state.fd, &kind, entry, err))
        return 0;
    came_by_list = entry->automatic;
    entry->automatic = false; /* as tomb_undo put it back */
    audit_note_cert(&state, AUDIT_TRUST, "undo", &entry->cert);
    if (call->json)
        trust_view_json_done(stdout, "restored", entry, NULL, false);
    else
        tell_undone(&kind, entry, came_by_list);
    return 0;
}

const struct command commands_trust[] = {
    {"trust list", "[--store S] [--text] [--filter FIELD~TEXT]… [--published | --removed]",
     "the anchors, another store, what is published, or what was removed", trust_list},
    {"trust show", "[--store S] WHICH",
     "one certificate and its PEM; alias, key id, or eight digits of its SHA-256",
     run_show},
    {"trust import", "[--store S] [--alias A] [--confirm] FILE",
     "trust one more root certificate, or put a certificate into a store", run_import},
    {"trust remove", "[--store S] [-y] [--force] WHICH",
     "trust it no longer; asks for a typed confirmation unless -y", run_remove},
    {"trust undo", "WHICH", "bring back what was removed within 30 days", run_undo},
    {0},
};
