/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/published.h"
#include "certs/refresh.h"
#include "certs/tomb.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define DAY ((time_t)86400)

/* An appliance's directory, its list, and a root. */
struct place {
    struct scratch scratch;
    struct published own;
    struct root root;
};

static void place_make(struct place *out)
{
    struct error err = {0};

    *out = (struct place){0};
    scratch_make(&out->scratch);
    root_make(&out->root, "Root");
    CU_ASSERT_FATAL(published_load_own(&out->own, out->scratch.fd, &err));
}

static void place_clear(struct place *place)
{
    published_clear(&place->own);
    root_clear(&place->root);
    scratch_clear(&place->scratch);
}

static void publish(struct place *place, const char *store, const char *alias)
{
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    bool changed = false;
    struct error err = {0};

    root_entry(&entry, &place->root, store, alias);
    CU_ASSERT_FATAL(published_add(&place->own, &entry, &renews, &changed, &err));
    CU_ASSERT_FATAL(published_save_own(place->scratch.fd, &place->own, &err));
}

static void unpublish(struct place *place, const char *store, bool everywhere, time_t now)
{
    struct error err = {0};

    CU_ASSERT_FATAL(published_remove(&place->own, store, &root_cert(&place->root)->sha256,
                                     everywhere, now, &err));
    CU_ASSERT_FATAL(published_save_own(place->scratch.fd, &place->own, &err));
}

static void import(struct place *place, const char *store, time_t added)
{
    scoped(entry_clear) struct entry entry = {0};
    struct error err = {0};

    root_entry(&entry, &place->root, store, "by-hand");
    entry.added = added;
    CU_ASSERT_FATAL(store_put(place->scratch.fd, &entry, &err));
}

static struct refreshed refresh(struct place *place, time_t now)
{
    struct refreshed done = {0};
    struct error err = {0};

    CU_ASSERT(trust_refresh(&done, place->scratch.fd, now, &err));
    return done;
}

/* 0 absent, 1 by hand, 2 with the auto-refresh flag */
static int standing(const struct place *place, const char *name)
{
    scoped(store_clear) struct store store = {0};
    struct error err = {0};

    CU_ASSERT(store_load(&store, place->scratch.fd, name, &err));
    return store.n == 0 ? 0 : 1 + store.entry[0].automatic;
}

static void what_is_published_is_added_and_flagged(void)
{
    scoped(place_clear) struct place place;

    place_make(&place);
    publish(&place, STORE_ROOTS, NULL);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).added, 1);
    CU_ASSERT_EQUAL(standing(&place, STORE_ROOTS), 2);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).added, 0);
}

static void what_is_removed_here_alone_comes_back(void)
{
    scoped(place_clear) struct place place;
    scoped(store_clear) struct store store = {0};
    struct error err = {0};

    place_make(&place);
    publish(&place, STORE_ROOTS, NULL);
    (void)refresh(&place, AT_NOON);
    CU_ASSERT_FATAL(store_load(&store, place.scratch.fd, STORE_ROOTS, &err));
    CU_ASSERT_FATAL(tomb_lay(place.scratch.fd, &store.entry[0], AT_NOON, &err));
    CU_ASSERT_EQUAL(standing(&place, STORE_ROOTS), 0);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON + 60).added, 1);
    CU_ASSERT_EQUAL(standing(&place, STORE_ROOTS), 2);
}

static void what_is_unpublished_goes_and_leaves_a_tombstone(void)
{
    scoped(place_clear) struct place place;
    scoped(store_clear) struct store tombs = {0};
    struct error err = {0};

    place_make(&place);
    publish(&place, STORE_ROOTS, NULL);
    (void)refresh(&place, AT_NOON);
    unpublish(&place, STORE_ROOTS, false, AT_NOON);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).removed, 1);
    CU_ASSERT_EQUAL(standing(&place, STORE_ROOTS), 0);
    CU_ASSERT(tombs_load(&tombs, place.scratch.fd, AT_NOON, &err));
    CU_ASSERT_EQUAL(tombs.n, 1);
}

static void what_was_added_by_hand_stays(void)
{
    scoped(place_clear) struct place place;

    place_make(&place);
    import(&place, STORE_ROOTS, AT_NOON);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).removed, 0);
    CU_ASSERT_EQUAL(standing(&place, STORE_ROOTS), 1);
}

/* V-23 to the letter: the flag is set on what is there, and it then goes with the list. */
static void by_hand_and_published_gets_the_flag(void)
{
    scoped(place_clear) struct place place;

    place_make(&place);
    import(&place, STORE_ROOTS, AT_NOON);
    publish(&place, STORE_ROOTS, NULL);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).kept, 1);
    CU_ASSERT_EQUAL(standing(&place, STORE_ROOTS), 2);
    unpublish(&place, STORE_ROOTS, false, AT_NOON);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).removed, 1);
}

static void a_removal_everywhere_takes_what_was_there_before(void)
{
    scoped(place_clear) struct place place;

    place_make(&place);
    import(&place, "CAPF-trust", AT_NOON);
    unpublish(&place, "CAPF-trust", true, AT_NOON + 60);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON + 60).removed, 1);
    import(&place, "CAPF-trust", AT_NOON + 120);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON + 180).removed, 0);
    CU_ASSERT_EQUAL(standing(&place, "CAPF-trust"), 1);
}

static void a_list_that_is_over_changes_nothing(void)
{
    scoped(place_clear) struct place place;
    struct error err = {0};

    place_make(&place);
    publish(&place, STORE_ROOTS, NULL);
    (void)text_fits(place.own.publisher, "CN=x");
    place.own.issued = AT_NOON;
    place.own.expires = AT_NOON + DAY;
    CU_ASSERT_FATAL(published_save_own(place.scratch.fd, &place.own, &err));
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON + 2 * DAY).added, 0);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).added, 1);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON + 2 * DAY).removed, 0);
}

static void an_alias_that_is_taken_is_no_obstacle(void)
{
    scoped(place_clear) struct place place;
    scoped(root_clear) struct root other = {0};
    scoped(entry_clear) struct entry entry = {0};
    struct error err = {0};

    place_make(&place);
    root_make(&other, "Other");
    root_entry(&entry, &other, STORE_ROOTS, "shared");
    CU_ASSERT_FATAL(store_put(place.scratch.fd, &entry, &err));
    publish(&place, STORE_ROOTS, "shared");
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).added, 1);
}

static void revocation_lists_follow_their_ca(void)
{
    scoped(place_clear) struct place place;
    scoped(held_crls_clear) struct held_crls held = {0};
    struct crl crl = {0};
    struct error err = {0};

    place_make(&place);
    root_crl(&crl, &place.root, AT_NOON);
    CU_ASSERT_FATAL(published_add_crl(&place.own, &crl, &err));
    publish(&place, STORE_ROOTS, NULL);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).crls_added, 1);
    CU_ASSERT_FATAL(crl_store_load(&held, place.scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(held.n, 1);
    CU_ASSERT(held.item[0].automatic);
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).crls_added, 0);
    crls_clear(&place.own.crls);
    CU_ASSERT_FATAL(published_save_own(place.scratch.fd, &place.own, &err));
    CU_ASSERT_EQUAL(refresh(&place, AT_NOON).crls_removed, 1);
    crl_clear(&crl);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_published_is_added_and_flagged),
        TEST(what_is_removed_here_alone_comes_back),
        TEST(what_is_unpublished_goes_and_leaves_a_tombstone),
        TEST(what_was_added_by_hand_stays),
        TEST(by_hand_and_published_gets_the_flag),
        TEST(a_removal_everywhere_takes_what_was_there_before),
        TEST(a_list_that_is_over_changes_nothing),
        TEST(an_alias_that_is_taken_is_no_obstacle),
        TEST(revocation_lists_follow_their_ca),
    };

    return run_tests("refresh", tests, COUNT(tests));
}
