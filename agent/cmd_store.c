/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store list, create, delete: the named stores. */
#include "agent/audit_note.h"
#include "agent/command.h"
#include "agent/trust_view.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>

#define KINDS_MAX (STORES_MAX + 64)

struct stores {
    char made[STORES_MAX][STORE_NAME_MAX];
    struct store_kind kind[KINDS_MAX];
    size_t held[KINDS_MAX];
    size_t n;
};

static bool count(size_t *held, int state, const struct store_kind *kind, struct error *err)
{
    scoped(store_clear) struct store store = {0};
    scoped(held_crls_clear) struct held_crls crls = {0};

    if (kind->holds == STORE_HOLDS_CRLS) {
        if (!crl_store_load(&crls, state, err))
            return false;
        *held = crls.n;
        return true;
    }
    if (!store_load(&store, state, kind->name, err))
        return false;
    *held = store.n;
    return true;
}

static bool gather(struct stores *out, int state, struct error *err)
{
    const struct store_kind *kind;
    size_t made = 0;

    if (!store_made(out->made, &made, state, err))
        return false;
    for (size_t i = 0; (kind = store_kind_at(i)) != NULL; i++)
        out->kind[out->n++] = *kind;
    for (size_t i = 0; i < made; i++)
        out->kind[out->n++] =
            (struct store_kind){.name = out->made[i], .holds = STORE_HOLDS_CERTIFICATES};
    for (size_t i = 0; i < out->n; i++)
        if (!count(&out->held[i], state, &out->kind[i], err))
            return false;
    return true;
}

static const char *reach(enum store_reach value)
{
    return value == REACH_ALL ? "all" : "local";
}

static void print_stores(const struct stores *stores)
{
    static const char *const distribution[] = {"local", "list", "query"};

    printf("%-32s %7s  %-6s  %-6s  %s\n", "Store", "Entries", "Import", "Delete",
           "Distribution");
    for (size_t i = 0; i < stores->n; i++)
        printf("%-32s %7zu  %-6s  %-6s  %s\n", stores->kind[i].name, stores->held[i],
               reach(stores->kind[i].import), reach(stores->kind[i].removal),
               distribution[stores->kind[i].distribution]);
}

static int run_list(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    struct stores *stores;

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err))
        return 0;
    stores = mem_zeroed(1, sizeof(*stores));
    if (gather(stores, state.fd, err)) {
        if (call->json)
            trust_view_json_stores(stdout, stores->kind, stores->held, stores->n);
        else
            print_stores(stores);
    }
    mem_free(stores);
    return 0;
}

struct deed {
    bool (*act)(int state, const char *name, struct error *err);
    const char *event; /* in the record */
    const char *done;
};

static int change(struct call *call, const struct deed *deed, struct error *err)
{
    scoped(state_close) struct state state = {0};
    const char *name = NULL;

    if (!args_need(&call->args, "NAME", &name, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !deed->act(state.fd, name, err))
        return 0;
    audit_note(&state, AUDIT_TRUST, deed->event, name, "%s", "");
    if (!call->json)
        printf("%s the store %s\n", deed->done, name);
    return 0;
}

static bool delete_empty(int state, const char *name, struct error *err)
{
    scoped(store_clear) struct store store = {0};

    if (!store_load(&store, state, name, err))
        return false;
    return (store.n == 0 ||
            fail(err, E_STORE_NAME, "%s holds %zu entries: remove them first", name,
                 store.n)) &&
           store_delete(state, name, err);
}

static int run_create(struct call *call, struct error *err)
{
    static const struct deed create = {store_create, "create-store", "Made"};

    return change(call, &create, err);
}

static int run_delete(struct call *call, struct error *err)
{
    static const struct deed delete = {delete_empty, "delete-store", "Deleted"};

    return change(call, &delete, err);
}

const struct command commands_store[] = {
    {"store list", "", "the stores, what they hold and how far a change of them reaches",
     run_list},
    {"store create", "NAME", "make a store for certificates of others", run_create},
    {"store delete", "NAME", "delete an empty store that was made so", run_delete},
    {0},
};
