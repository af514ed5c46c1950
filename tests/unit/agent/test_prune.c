/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who depends on an anchor, and what may go because nobody does. */
#include "agent/dependents.h"
#include "agent/prune.h"
#include "base/text.h"
#include "certs/identity.h"
#include "certs/tomb.h"
#include "certs/trust.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define LATE (AT_NOON + (time_t)86400 * (CA_ROOT_DAYS + 1))

/* An appliance that is its own CA, and a root that it imported. */
struct site {
    struct scratch scratch;
    struct state state;
    struct root own, other;
};

static void site_make(struct site *out)
{
    scoped(entry_clear) struct entry entry = {0};
    unsigned number = 0;
    struct error err = {0};

    *out = (struct site){0};
    scratch_make(&out->scratch);
    root_make(&out->own, "Own");
    root_make(&out->other, "Other");
    CU_ASSERT_FATAL(state_make(&out->state, out->scratch.path, &err));
    CU_ASSERT_FATAL(identity_install(&number, out->state.fd, &out->own.ca.key,
                                     &out->own.ca.chain, IDENTITY_CHAIN, "a test", &err));
    root_entry(&entry, &out->other, STORE_ROOTS, NULL);
    CU_ASSERT_FATAL(store_put(out->state.fd, &entry, &err));
}

static void site_clear(struct site *site)
{
    root_clear(&site->own);
    root_clear(&site->other);
    state_close(&site->state);
    scratch_clear(&site->scratch);
}

static void grant(struct site *site, time_t expires)
{
    scoped(query_end) struct query row = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(site->state.db.handle != NULL || state_open_db(&site->state, &err));
    CU_ASSERT_FATAL(query_begin(
        &row, &site->state.db,
        "INSERT INTO grants (id, side, peer_server_key, peer_client_key, peer_name,"
        " migration, byte_ceiling, issued, expires, not_after, transcript)"
        " VALUES ('g-x', 'target', x'00', x'00', 'peer.example.com', 'm-x', 1, 1, ?1, 1, '')",
        &err));
    query_int(&row, 1, expires);
    CU_ASSERT_FATAL(query_run(&row, NULL, &err));
}

static size_t dependents_of(struct site *site, const struct root *root)
{
    struct dependents found;
    struct error err = {0};

    CU_ASSERT(dependents_find(&found, &site->state, root_cert(root), AT_NOON, &err));
    return found.n;
}

static void our_own_chain_depends_on_its_root(void)
{
    scoped(site_clear) struct site site;
    struct dependents found;
    struct error err = {0}, needed = {0};

    site_make(&site);
    CU_ASSERT_EQUAL(dependents_of(&site, &site.other), 0);
    CU_ASSERT(dependents_find(&found, &site.state, root_cert(&site.own), AT_NOON, &err));
    CU_ASSERT_EQUAL_FATAL(found.n, 1);
    CU_ASSERT_FALSE(dependents_none(&found, E_ANCHOR_NEEDED, &needed));
    CU_ASSERT_EQUAL(needed.msg, E_ANCHOR_NEEDED);
    CU_ASSERT_PTR_NOT_NULL(strstr(needed.about, "own chain"));
}

static void a_live_pairing_depends_on_every_anchor(void)
{
    scoped(site_clear) struct site site;

    site_make(&site);
    grant(&site, AT_NOON + 60);
    CU_ASSERT_EQUAL(dependents_of(&site, &site.other), 1);
}

static void a_pairing_that_is_over_depends_on_none(void)
{
    scoped(site_clear) struct site site;

    site_make(&site);
    grant(&site, AT_NOON - 60);
    CU_ASSERT_EQUAL(dependents_of(&site, &site.other), 0);
}

static void a_renewal_takes_the_dependents_over(void)
{
    scoped(site_clear) struct site site;
    scoped(entry_clear) struct entry renewed = {0};
    scoped(chain_clear) struct chain before = {0};
    struct dependents found;
    struct error err = {0};

    site_make(&site);
    CU_ASSERT_FATAL(chain_copy(&before, &site.own.ca.chain, &err));
    root_renew(&site.own);
    root_entry(&renewed, &site.own, STORE_ROOTS, NULL);
    CU_ASSERT_FATAL(store_put(site.state.fd, &renewed, &err));
    CU_ASSERT(dependents_find(&found, &site.state, chain_root(&before), AT_NOON, &err));
    CU_ASSERT_EQUAL(found.n, 0);
}

static void only_the_expired_go_and_never_our_own(void)
{
    scoped(site_clear) struct site site;
    scoped(pruned_clear) struct pruned early = {0}, late = {0};
    scoped(trust_clear) struct trust left = {0};
    scoped(store_clear) struct store tombs = {0};
    struct prune_wish wish = {.expired = true, .now = AT_NOON};
    struct error err = {0};

    site_make(&site);
    CU_ASSERT(prune_find(&early, &site.state, &wish, &err));
    CU_ASSERT_EQUAL(early.gone.n, 0);
    wish.now = LATE;
    CU_ASSERT(prune_find(&late, &site.state, &wish, &err));
    CU_ASSERT_EQUAL_FATAL(late.gone.n, 1);
    CU_ASSERT_FATAL(prune_do(&site.state, &late, LATE, &err));
    CU_ASSERT_FATAL(trust_load(&left, site.state.fd, &err));
    CU_ASSERT_EQUAL_FATAL(left.anchors.n, 1);
    CU_ASSERT_STRING_EQUAL(left.anchors.cert[0].cn, "Own");
    CU_ASSERT(tombs_load(&tombs, site.state.fd, LATE, &err));
    CU_ASSERT_EQUAL(tombs.n, 1);
}

static void what_another_appliance_publishes_is_pruned_there(void)
{
    scoped(site_clear) struct site site;
    scoped(pruned_clear) struct pruned pruned = {0};
    scoped(published_clear) struct published list = {
        .sequence = 1, .issued = AT_NOON, .expires = LATE};
    scoped(entry_clear) struct entry entry = {0};
    const struct prune_wish wish = {.unused = true, .now = AT_NOON};
    const struct entry *renews = NULL;
    bool changed = false;
    struct error err = {0};

    site_make(&site);
    (void)text_fits(list.list, "00112233445566778899aabbccddeeff");
    (void)text_fits(list.publisher, "CN=elsewhere");
    root_entry(&entry, &site.other, STORE_ROOTS, NULL);
    CU_ASSERT_FATAL(published_add(&list, &entry, &renews, &changed, &err));
    CU_ASSERT_FATAL(published_keep(site.state.fd, &list, &err));
    CU_ASSERT(prune_find(&pruned, &site.state, &wish, &err));
    CU_ASSERT_EQUAL(pruned.gone.n, 0);
    CU_ASSERT_EQUAL(pruned.elsewhere, 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(our_own_chain_depends_on_its_root),
        TEST(a_live_pairing_depends_on_every_anchor),
        TEST(a_pairing_that_is_over_depends_on_none),
        TEST(a_renewal_takes_the_dependents_over),
        TEST(only_the_expired_go_and_never_our_own),
        TEST(what_another_appliance_publishes_is_pruned_there),
    };

    return run_tests("prune", tests, COUNT(tests));
}
