/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust refresh, prune, import-crl: keep the stores as they should be. */
#include "agent/audit_note.h"
#include "agent/command.h"
#include "agent/confirm.h"
#include "agent/crl_fetch.h"
#include "agent/prune.h"
#include "agent/trust_view.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>

static void tell_taken(const struct call *call, const struct crl_taken *taken)
{
    if (!call->json)
        printf("Revocation lists: %zu taken, %zu unchanged.\n", taken->taken,
               taken->unchanged);
    if (taken->failed.n > 0)
        view_text_report(stderr, &taken->failed);
}

static int run_refresh(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(crl_taken_clear) struct crl_taken taken = {0};
    struct refreshed refreshed = {0};
    const bool crls = args_flag(&call->args, "--crl");

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err) || !trust_refresh(&refreshed, state.fd, call->now, err) ||
        (crls && !crl_fetch_all(&taken, state.fd, call->now, err)))
        return 0;
    refreshed.crls_added += taken.taken;
    audit_note_refreshed(&state, &refreshed);
    if (call->json)
        trust_view_json_refreshed(stdout, &refreshed, &taken.failed);
    else
        trust_view_refreshed(stdout, &refreshed);
    if (crls)
        tell_taken(call, &taken);
    return taken.failed.n > 0 ? 2 : 0;
}

static void show_pruned(const struct call *call, const struct pruned *pruned, bool dry)
{
    const struct entry **shown = mem_zeroed(pruned->gone.n + 1, sizeof(*shown));
    const struct entries_shown facts = {
        .store = STORE_ROOTS, .list = "pruned", .entry = shown, .n = pruned->gone.n};

    for (size_t i = 0; i < pruned->gone.n; i++)
        shown[i] = &pruned->gone.entry[i];
    if (call->json)
        trust_view_json_entries(stdout, &facts);
    else
        printf("%s: %zu\n", dry ? "Would be removed" : "Removed", facts.n);
    for (size_t i = 0; i < facts.n && !call->json; i++)
        trust_view_entry(stdout, shown[i]);
    if (pruned->elsewhere > 0)
        fprintf(stderr, "%zu more are published by another appliance: prune them there.\n",
                pruned->elsewhere);
    mem_free(shown);
}

static int run_prune(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(pruned_clear) struct pruned pruned = {0};
    struct prune_wish wish = {.now = call->now};
    const bool dry = args_flag(&call->args, "--dry-run");
    const bool yes = args_flag(&call->args, "-y");

    wish.expired = args_flag(&call->args, "--expired");
    wish.unused = args_flag(&call->args, "--unused");
    if (!args_end(&call->args, err))
        return 0;
    if (!wish.expired && !wish.unused) {
        fail(err, E_USAGE, "--expired or --unused is missing");
        return 0;
    }
    if (!state_open(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !prune_find(&pruned, &state, &wish, err))
        return 0;
    if (!dry && pruned.gone.n > 0 && !yes) {
        show_pruned(call, &pruned, true);
        if (!confirm_typed("All of these go.", "prune", "nothing", err))
            return 0;
    }
    if (!dry && !prune_do(&state, &pruned, call->now, err))
        return 0;
    for (size_t i = 0; !dry && i < pruned.gone.n; i++)
        audit_note_cert(&state, AUDIT_TRUST, "prune", &pruned.gone.entry[i].cert);
    show_pruned(call, &pruned, dry);
    return 0;
}

struct crl_options {
    const char *path, *issuer, *url;
    bool publish;
};

static bool publish_lists(int state, struct span file, struct error *err)
{
    scoped(published_clear) struct published own = {0};
    scoped(crls_clear) struct crls lists = {0};

    if (!crls_parse(&lists, file, err) || !published_load_own(&own, state, err))
        return false;
    for (size_t i = 0; i < lists.n; i++)
        if (!published_add_crl(&own, &lists.item[i], err))
            return false;
    return published_save_own(state, &own, err);
}

static bool import_crl(struct crl_taken *taken, struct call *call, int state,
                       const struct crl_options *options, struct error *err)
{
    scoped(chain_clear) struct chain cas = {0}, issuer = {0};
    scoped(buf_clear) struct buf file = buf_upto(CRL_FILE_MAX);

    if (options->issuer != NULL && !chain_load(&issuer, options->issuer, err))
        return false;
    return fs_read(&file, options->path, err) && crl_known_cas(&cas, state, &issuer, err) &&
           crl_take_file(taken, state, buf_span(&file), &cas, options->url, call->now,
                         err) &&
           (!options->publish || publish_lists(state, buf_span(&file), err));
}

static int run_import_crl(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(crl_taken_clear) struct crl_taken taken = {0};
    struct crl_options options = {0};

    options.publish = args_flag(&call->args, "--publish");
    if (!args_value(&call->args, "--issuer", &options.issuer, err) ||
        !args_value(&call->args, "--url", &options.url, err) ||
        !args_need(&call->args, "FILE", &options.path, err) ||
        !args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !state_lock(&state, err) || !import_crl(&taken, call, state.fd, &options, err))
        return 0;
    audit_note(&state, AUDIT_TRUST, "import-crl", options.path, "%zu taken", taken.taken);
    tell_taken(call, &taken);
    return 0;
}

const struct command commands_refresh[] = {
    {"trust refresh", "[--crl]",
     "bring the stores to what is published; with --crl fetch revocation lists",
     run_refresh},
    {"trust prune", "[--expired] [--unused] [--dry-run] [-y]",
     "remove anchors that are expired or that nobody needs", run_prune},
    {"trust import-crl", "[--issuer CA] [--url U] [--publish] FILE",
     "keep a revocation list beside its CA", run_import_crl},
    {0},
};
