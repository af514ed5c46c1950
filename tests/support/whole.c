/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/whole.h"

#include "base/fs.h"
#include "certs/crl_store.h"
#include "certs/identity.h"
#include "certs/issued.h"
#include "certs/ledger.h"
#include "certs/sealed.h"
#include "certs/tomb.h"
#include "certs/trust.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool done, const struct error *err)
{
    if (done)
        return;
    fprintf(stderr, "whole: %s: %s\n", message_of(err->msg)->text, err->about);
    exit(2);
}

static void make_keys(struct whole *out)
{
    const char *name = "node.example.com";
    struct csr_wish wish = {.common_name = name, .san = &name, .sans = 1};
    scoped(report_clear) struct report report = {0};
    scoped(csr_clear) struct csr csr = {0};
    struct error err = {0};

    out->request = buf_upto(CSR_PEM_MAX);
    must(key_make(&out->key, KEY_CHOICE_EC, &err), &err);
    must(key_make(&out->leaf_key, KEY_CHOICE_EC, &err), &err);
    must(ca_self_sign(&out->own, &out->key, name, AT_NOON, &err), &err);
    must(csr_profile_named(&wish.profile, "migration", &err), &err);
    must(csr_make(&out->request, &wish, &out->leaf_key, &err), &err);
    must(csr_parse(&csr, buf_span(&out->request), &err), &err);
    must(ca_issue(&out->leaf, &out->root.ca, &csr, 90, AT_NOON, &report, &err), &err);
}

static void fill_identity(const struct whole *whole, int state)
{
    char id[LEDGER_ID_MAX];
    unsigned number = 0;
    struct error err = {0};

    must(identity_install(&number, state, &whole->key, &whole->own, IDENTITY_SELF_SIGNED,
                          "init", &err),
         &err);
    must(identity_install(&number, state, &whole->leaf_key, &whole->leaf, IDENTITY_SINGLE,
                          "upload", &err),
         &err);
    must(ledger_add(id, state, &whole->leaf_key, buf_span(&whole->request), "migration",
                    AT_NOON, &err),
         &err);
    must(issued_add(state, chain_leaf(&whole->leaf), &whole->root.ca, AT_NOON, &err), &err);
}

static void fill_trust(struct whole *whole, int state)
{
    const struct crl_wish wish = {.issuer = root_cert(&whole->root), .now = AT_NOON};
    scoped(entry_clear) struct entry anchor = {0}, kept = {0}, gone = {0};
    bool changed = false;
    struct error err = {0};

    root_entry(&anchor, &whole->root, STORE_ROOTS, "root");
    root_entry(&kept, &whole->other, WHOLE_STORE, "kept");
    root_entry(&gone, &whole->root, WHOLE_STORE, "gone");
    must(trust_import(state, &anchor, false, &err), &err);
    must(store_create(state, WHOLE_STORE, &err), &err);
    must(store_put(state, &kept, &err) && store_put(state, &gone, &err), &err);
    must(tomb_lay(state, &gone, AT_NOON, &err), &err);
    root_crl(&whole->crl, &whole->root, AT_NOON);
    root_crl(&whole->later, &whole->root, AT_NOON + 60);
    must(crl_store_put(state, &whole->crl, &wish, &changed, &err), &err);
}

/* A list with this root for the anchors. */
static void list_make(struct published *out, const struct root *root, int state)
{
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    bool changed = false;
    struct error err = {0};

    root_entry(&entry, root, STORE_ROOTS, "all");
    must(published_load_own(out, state, &err) &&
             published_add(out, &entry, &renews, &changed, &err),
         &err);
}

static void fill_lists(const struct whole *whole, int state)
{
    scoped(published_clear) struct published own = {0}, adopted = {0};
    struct error err = {0};

    list_make(&own, &whole->root, state);
    list_make(&adopted, &whole->other, whole->other.scratch.fd);
    must(published_save_own(state, &own, &err) && published_keep(state, &adopted, &err),
         &err);
}

void whole_make(struct whole *out)
{
    *out = (struct whole){0};
    root_make(&out->root, "Root");
    root_make(&out->other, "Other");
    make_keys(out);
    fill_identity(out, out->root.scratch.fd);
    fill_trust(out, out->root.scratch.fd);
    fill_lists(out, out->root.scratch.fd);
}

void whole_clear(struct whole *whole)
{
    crl_clear(&whole->later);
    crl_clear(&whole->crl);
    buf_clear(&whole->request);
    chain_clear(&whole->leaf);
    chain_clear(&whole->own);
    key_clear(&whole->leaf_key);
    key_clear(&whole->key);
    root_clear(&whole->other);
    root_clear(&whole->root);
}

static void say(char look[WHOLE_SAYS_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(char look[WHOLE_SAYS_MAX], const char *format, ...)
{
    const size_t n = strlen(look);
    va_list more;

    va_start(more, format);
    vsnprintf(look + n, WHOLE_SAYS_MAX - n, format, more);
    va_end(more);
}

/* Whether the key there is encrypted. */
static bool look_key(char look[WHOLE_SAYS_MAX], int state, const char *folder,
                     const char *name, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    char path[128];

    snprintf(path, sizeof(path), "%s/%s/key.pem", folder, name);
    if (!fs_read_at(&pem, state, path, err))
        return false;
    say(look, " key %s", key_is_sealed(buf_span(&pem)) ? "sealed" : "clear");
    return true;
}

/* How many are kept of the current one and those before it: which number each has is
 * nobody's concern, for one that never became current has a number too. */
static bool count_kept(size_t *kept, int state, unsigned number, struct error *err)
{
    scoped(identities_clear) struct identities newest_first = {0};

    if (!identities_load(&newest_first, state, err))
        return false;
    for (size_t i = 0; i < newest_first.n; i++) {
        scoped(identity_clear) struct identity one = {0};

        if (newest_first.item[i].number != number)
            continue;
        if (!identity_load_number(&one, state, number, false, err))
            return false;
        number = one.previous;
        (*kept)++;
    }
    return true;
}

static bool look_identity(char look[WHOLE_SAYS_MAX], int state, struct error *err)
{
    scoped(identity_clear) struct identity now = {0};
    struct identity_rollback rollback = {0};
    size_t kept = 0;

    if (!identity_load(&now, state, true, err) ||
        !count_kept(&kept, state, now.number, err) ||
        !identity_rollback_read(&rollback, state, err))
        return false;
    say(look, "identity %s %d, %s, %zu kept;", now.reason, (int)now.origin,
        now.seen != 0 ? "seen" : "new", kept);
    say(look, "rollback to %u;", rollback.pending ? rollback.back : 0);
    return look_key(look, state, "identity", "current", err);
}

static bool look_ledger(char look[WHOLE_SAYS_MAX], int state, struct error *err)
{
    scoped(ledger_clear) struct ledger ledger = {0};

    if (!ledger_load(&ledger, state, err))
        return false;
    if (ledger.damages > 0)
        return fail(err, E_REQUEST_BROKEN, "%s", ledger.damaged[0].why.about);
    say(look, ";requests %zu", ledger.n);
    for (size_t i = 0; i < ledger.n; i++) {
        scoped(key_clear) struct key key = key_none();

        say(look, ", %s %ld", ledger.item[i].purpose, (long)ledger.item[i].used);
        if (!ledger_load_key(&key, state, &ledger.item[i], err) ||
            !look_key(look, state, "requests", ledger.item[i].id, err))
            return false;
    }
    say(look, ";");
    return true;
}

static void say_entries(char look[WHOLE_SAYS_MAX], const char *name,
                        const struct store *store)
{
    say(look, "%s %zu", name, store->n);
    for (size_t i = 0; i < store->n; i++)
        say(look, ", %s %d", store->entry[i].alias, store->entry[i].automatic);
    say(look, ";");
}

static bool look_stores(char look[WHOLE_SAYS_MAX], int state, struct error *err)
{
    scoped(trust_clear) struct trust trust = {0};
    char name[STORES_MAX][STORE_NAME_MAX];
    size_t n = 0;

    if (!trust_load(&trust, state, err) || !store_made(name, &n, state, err))
        return false;
    say(look, "anchors %zu %zu;stores %zu;", trust.anchors.n, trust.imported, n);
    for (size_t i = 0; i < 1 + n; i++) {
        const char *of = i == 0 ? STORE_ROOTS : name[i - 1];
        scoped(store_clear) struct store store = {0};

        if (!store_load(&store, state, of, err))
            return false;
        say_entries(look, of, &store);
    }
    return true;
}

static bool look_lists(char look[WHOLE_SAYS_MAX], int state, struct error *err)
{
    scoped(held_crls_clear) struct held_crls held = {0};
    scoped(published_lists_clear) struct published_lists lists = {0};
    size_t entries = 0;

    if (!crl_store_load(&held, state, err) || !published_load_all(&lists, state, err))
        return false;
    say(look, "crls %zu", held.n);
    for (size_t i = 0; i < held.n; i++)
        say(look, ", %ld %d", (long)held.item[i].crl.this_update.at,
            held.item[i].automatic);
    for (size_t i = 0; i < lists.n; i++)
        entries += lists.list[i].entries.n;
    say(look, ";lists %zu with %zu;", lists.n, entries);
    return true;
}

static bool look_ca(char look[WHOLE_SAYS_MAX], int state, struct error *err)
{
    scoped(ca_clear) struct ca ca = {0};
    scoped(issued_list_clear) struct issued_list issued = {0};

    if (!ca_load(&ca, state, err) || !issued_load(&issued, state, err))
        return false;
    say(look, "ca %s %ld;issued %zu", chain_leaf(&ca.chain)->subject_text,
        (long)chain_leaf(&ca.chain)->not_before.at, issued.n);
    for (size_t i = 0; i < issued.n; i++)
        say(look, ", %ld", (long)issued.item[i].revoked);
    say(look, ";");
    return look_key(look, state, "ca", ".", err);
}

static bool look_tombs(char look[WHOLE_SAYS_MAX], int state, struct error *err)
{
    scoped(store_clear) struct store tombs = {0};

    if (!tombs_load(&tombs, state, AT_NOON, err))
        return false;
    say_entries(look, WHOLE_REMOVED, &tombs);
    return true;
}

bool whole_says(char look[WHOLE_SAYS_MAX], int state, struct error *err)
{
    look[0] = '\0';
    return look_identity(look, state, err) && look_ledger(look, state, err) &&
           look_stores(look, state, err) && look_lists(look, state, err) &&
           look_ca(look, state, err) && look_tombs(look, state, err);
}
