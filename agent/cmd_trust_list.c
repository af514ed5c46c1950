/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust list: anchors, a store, what was removed, what is published. */
#include "agent/trust_list.h"

#include "agent/filter.h"
#include "agent/trust_view.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/tomb.h"

#include <stdio.h>

struct list_options {
    const char *store;
    struct filter filter;
    bool text, removed, published;
};

static bool read_list_options(struct list_options *out, struct args *args,
                              struct error *err)
{
    out->store = STORE_ROOTS;
    out->text = args_flag(args, "--text");
    out->removed = args_flag(args, "--removed");
    out->published = args_flag(args, "--published");
    return filter_read(&out->filter, args, err) &&
           args_value(args, "--store", &out->store, err) && args_end(args, err);
}

static void show_entries(struct call *call, const struct list_options *options,
                         const struct store *store)
{
    const struct entry **shown = mem_zeroed(store->n + 1, sizeof(*shown));
    struct entries_shown facts = {.store = options->store,
                                  .list = options->removed ? "removed" : "anchors",
                                  .entry = shown};

    for (size_t i = 0; i < store->n; i++)
        if (filter_admits(&options->filter, &store->entry[i], call->now))
            shown[facts.n++] = &store->entry[i];
    if (!options->removed && !text_equal(options->store, STORE_ROOTS))
        facts.list = "entries";
    if (call->json)
        trust_view_json_entries(stdout, &facts);
    else
        printf("%s: %zu\n",
               options->removed                    ? "Removed"
               : text_equal(facts.list, "anchors") ? "Anchors"
                                                   : "Entries",
               facts.n);
    for (size_t i = 0; i < facts.n && !call->json; i++) {
        if (options->text)
            trust_view_entry_text(stdout, shown[i]);
        else
            trust_view_entry(stdout, shown[i]);
    }
    mem_free(shown);
}

static bool list_published(struct call *call, int state, struct error *err)
{
    scoped(published_lists_clear) struct published_lists lists = {0};
    size_t n = 0;

    if (!published_load_all(&lists, state, err))
        return false;
    if (call->json) {
        trust_view_json_published(stdout, &lists);
        return true;
    }
    for (size_t i = 0; i < lists.n; i++)
        n += lists.list[i].entries.n;
    printf("Number of certificates:\t%zu\n", n);
    n = 0;
    for (size_t i = 0; i < lists.n; i++) {
        trust_view_published(stdout, &lists.list[i], n);
        n += lists.list[i].entries.n;
    }
    return true;
}

int trust_list(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(store_clear) struct store store = {0};
    struct list_options options = {0};

    if (!read_list_options(&options, &call->args, err) ||
        !state_open(&state, call->state_dir, err))
        return 0;
    if (options.published) {
        (void)list_published(call, state.fd, err);
        return 0;
    }
    if (options.removed ? !tombs_load(&store, state.fd, call->now, err)
                        : !store_load(&store, state.fd, options.store, err))
        return 0;
    show_entries(call, &options, &store);
    return 0;
}
