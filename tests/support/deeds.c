/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/deeds.h"

#include "certs/ca_root.h"
#include "certs/crl_store.h"
#include "certs/identity.h"
#include "certs/issued.h"
#include "certs/ledger.h"
#include "certs/published.h"
#include "certs/refresh.h"
#include "certs/sealed.h"
#include "certs/tomb.h"
#include "certs/trust.h"

#include <stdio.h>

static const struct whole *given;
static const char *passphrase;

void deeds_give(const struct whole *whole, const char *file)
{
    given = whole;
    passphrase = file;
}

static bool installs(int state, time_t deadline, enum identity_origin origin,
                     struct error *err)
{
    const bool single = origin == IDENTITY_SELF_SIGNED;
    const struct identity_parts parts = {
        .key = single ? &given->key : &given->leaf_key,
        .chain = single ? &given->own : &given->leaf,
        .origin = origin,
    };
    const struct identity_change change = {
        .reason = "a deed", .now = AT_NOON, .deadline = deadline};
    unsigned number = 0;

    return identity_make(&number, state, &parts, &change, err);
}

static bool installs_a_chain(int state, struct error *err)
{
    return installs(state, 0, IDENTITY_CHAIN, err);
}

static bool installs_for_an_hour(int state, struct error *err)
{
    return installs(state, AT_NOON + 3600, IDENTITY_SELF_SIGNED, err);
}

static bool confirms(int state, struct error *err)
{
    return identity_confirm(state, err);
}

static bool rolls_back(int state, struct error *err)
{
    struct identity_rollback rollback = {0};

    return identity_rollback_read(&rollback, state, err) && rollback.pending &&
           identity_roll_back(state, &rollback, AT_NOON, err);
}

static bool goes_back(int state, struct error *err)
{
    return identity_restore(state, 1, err);
}

static bool goes_nowhere(int state, struct error *err)
{
    return identity_restore(state, 2, err);
}

static bool marks_seen(int state, struct error *err)
{
    return identity_mark_seen(state, 2, AT_NOON, err);
}

static bool prunes(int state, struct error *err)
{
    size_t removed = 0;

    return identity_prune(&removed, state, 0, err);
}

static bool sweeps(int state, struct error *err)
{
    return identity_sweep(state, err) && ledger_sweep(state, err);
}

static bool asks(int state, struct error *err)
{
    char id[LEDGER_ID_MAX];

    return ledger_add(id, state, &given->leaf_key, buf_span(&given->request), "web",
                      AT_NOON + 1, err);
}

/* What was damaged for its reader is told, and then not there. */
static bool found(size_t n, struct error *err)
{
    return n > 0 || fail(err, E_FILE_READ, "nothing found");
}

static bool uses_a_request(int state, struct error *err)
{
    scoped(ledger_clear) struct ledger ledger = {0};

    return ledger_load(&ledger, state, err) && found(ledger.n, err) &&
           ledger_mark_used(state, &ledger.item[0], AT_NOON, err);
}

static bool drops_a_request(int state, struct error *err)
{
    scoped(ledger_clear) struct ledger ledger = {0};

    return ledger_load(&ledger, state, err) && found(ledger.n, err) &&
           ledger_drop(state, ledger.item[0].id, err);
}

static bool imports(int state, struct error *err)
{
    scoped(entry_clear) struct entry entry = {0};

    root_entry(&entry, &given->other, STORE_ROOTS, "other");
    return trust_import(state, &entry, false, err);
}

static bool removes(int state, struct error *err)
{
    scoped(store_clear) struct store store = {0};

    return store_load(&store, state, WHOLE_STORE, err) && found(store.n, err) &&
           tomb_lay(state, &store.entry[0], AT_NOON, err);
}

static bool drops_an_entry(int state, struct error *err)
{
    return store_drop(state, WHOLE_STORE, &root_cert(&given->other)->sha256, err);
}

static bool brings_back(int state, struct error *err)
{
    scoped(store_clear) struct store tombs = {0};

    return tombs_load(&tombs, state, AT_NOON, err) && found(tombs.n, err) &&
           tomb_undo(state, &tombs.entry[0], AT_NOON, err);
}

static bool creates_a_store(int state, struct error *err)
{
    return store_create(state, "attic", err);
}

static bool creates_a_store_again(int state, struct error *err)
{
    return store_create(state, WHOLE_STORE, err);
}

static bool deletes_a_store(int state, struct error *err)
{
    return store_delete(state, WHOLE_STORE, err);
}

static bool keeps_a_crl(int state, struct error *err)
{
    const struct crl_wish wish = {.issuer = root_cert(&given->root), .now = AT_NOON + 60};
    bool changed = false;

    return crl_store_put(state, &given->later, &wish, &changed, err);
}

static bool drops_a_crl(int state, struct error *err)
{
    return crl_store_drop(state, &root_cert(&given->root)->spki_sha256, err);
}

static bool publishes(int state, struct error *err)
{
    scoped(published_clear) struct published own = {0};
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    bool changed = false;

    root_entry(&entry, &given->other, STORE_ROOTS, "all");
    return published_load_own(&own, state, err) &&
           published_add(&own, &entry, &renews, &changed, err) &&
           published_save_own(state, &own, err);
}

static bool adopts(int state, struct error *err)
{
    scoped(published_clear) struct published list = {0};

    if (!published_load_own(&list, given->other.scratch.fd, err))
        return false;
    /* It is the same list each time. */
    snprintf(list.list, sizeof(list.list), "%0*d", LIST_ID_MAX - 1, 1);
    return published_keep(state, &list, err);
}

static bool forgets(int state, struct error *err)
{
    scoped(published_lists_clear) struct published_lists lists = {0};

    return published_load_all(&lists, state, err) && found(lists.n - 1, err) &&
           published_forget(state, lists.list[1].list, err);
}

static bool refreshes(int state, struct error *err)
{
    struct refreshed done = {0};

    return trust_refresh(&done, state, AT_NOON, err);
}

static bool renews_its_ca(int state, struct error *err)
{
    const struct ca_renewal renewal = {.same_key = true, .now = AT_NOON + 60};

    return ca_renew(state, &renewal, err);
}

static bool records_a_leaf(int state, struct error *err)
{
    scoped(ca_clear) struct ca ca = {0};

    return ca_load(&ca, state, err) &&
           issued_add(state, chain_leaf(&given->own), &ca, AT_NOON, err);
}

static bool revokes(int state, struct error *err)
{
    scoped(issued_clear) struct issued issued = {0};
    char serial[SERIAL_TEXT_MAX];

    issued_serial(serial, chain_leaf(&given->leaf));
    return issued_revoke(&issued, state, serial, REASON_SUPERSEDED, AT_NOON, err);
}

static bool seals(int state, struct error *err)
{
    size_t n = 0;

    return sealed_convert(&n, state, passphrase, err);
}

static bool unseals(int state, struct error *err)
{
    size_t n = 0;

    return sealed_convert(&n, state, NULL, err);
}

static bool makes_a_ca_again(int state, struct error *err)
{
    const struct ca_plan plan = {.name = "Again", .now = AT_NOON};

    return ca_init(state, &plan, err);
}

static bool imports_over_its_ca(int state, struct error *err)
{
    return ca_import(state, &given->other.ca.chain, &given->other.ca.key, false, AT_NOON,
                     err);
}

const struct deed deeds[] = {
    {"installs a chain", NULL, installs_a_chain, false, false},
    {"installs for an hour", NULL, installs_for_an_hour, false, false},
    {"confirms", installs_for_an_hour, confirms, false, false},
    {"rolls back", installs_for_an_hour, rolls_back, true, false},
    {"goes back", NULL, goes_back, false, false},
    {"marks seen", NULL, marks_seen, false, false},
    {"prunes", marks_seen, prunes, true, false},
    {"sweeps", NULL, sweeps, false, false},
    {"asks", NULL, asks, false, false},
    {"uses a request", NULL, uses_a_request, false, false},
    {"drops a request", NULL, drops_a_request, false, false},
    {"imports", NULL, imports, false, false},
    {"removes", NULL, removes, true, false},
    {"drops an entry", NULL, drops_an_entry, false, false},
    {"brings back", NULL, brings_back, true, false},
    {"creates a store", NULL, creates_a_store, false, false},
    {"deletes a store", NULL, deletes_a_store, true, false},
    {"keeps a list of revoked", NULL, keeps_a_crl, false, false},
    {"drops a list of revoked", NULL, drops_a_crl, false, false},
    {"publishes", NULL, publishes, false, false},
    {"adopts", NULL, adopts, false, false},
    {"forgets", NULL, forgets, false, false},
    {"refreshes", NULL, refreshes, true, false},
    {"renews its CA", NULL, renews_its_ca, false, false},
    {"records a leaf", NULL, records_a_leaf, false, false},
    {"revokes", NULL, revokes, false, false},
    {"seals", NULL, seals, true, true},
    {"unseals", seals, unseals, true, true},
    {"installs sealed", seals, installs_a_chain, false, true},
    {"asks sealed", seals, asks, false, true},
    {0},
};

const struct deed refused_deeds[] = {
    {"makes a CA again", NULL, makes_a_ca_again, false, false},
    {"imports over its CA", NULL, imports_over_its_ca, false, false},
    {"goes back to what is current", NULL, goes_nowhere, false, false},
    {"creates a store again", NULL, creates_a_store_again, false, false},
    {0},
};
