/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/upkeep.h"
#include "certs/identity.h"
#include "certs/published.h"
#include "certs/refresh.h"
#include "certs/trust.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

struct place {
    struct scratch scratch;
    struct root root;
    struct state state, other; /* ours, and that of another command */
    struct upkeep upkeep;
};

static void install(struct place *place, time_t deadline)
{
    const struct identity_change change = {
        .reason = "test", .now = AT_NOON, .deadline = deadline};
    const struct identity_parts parts = {.key = &place->root.ca.key,
                                         .chain = &place->root.ca.chain,
                                         .origin = IDENTITY_SELF_SIGNED};
    struct error err = {0};
    unsigned number = 0;

    CU_ASSERT_FATAL(identity_make(&number, place->scratch.fd, &parts, &change, &err));
}

static void place_make(struct place *out)
{
    struct error err = {0};

    *out = (struct place){0};
    scratch_make(&out->scratch);
    root_make(&out->root, "Root");
    install(out, 0);
    CU_ASSERT_FATAL(state_open(&out->state, out->scratch.path, &err));
    CU_ASSERT_FATAL(state_open(&out->other, out->scratch.path, &err));
    out->upkeep.state = &out->state;
}

static void place_clear(struct place *place)
{
    state_close(&place->state);
    state_close(&place->other);
    root_clear(&place->root);
    scratch_clear(&place->scratch);
}

static unsigned current(const struct place *place)
{
    scoped(identity_clear) struct identity identity = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(identity_load(&identity, place->scratch.fd, false, &err));
    return identity.number;
}

static size_t anchors(const struct place *place)
{
    scoped(trust_clear) struct trust trust = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(trust_load(&trust, place->scratch.fd, &err));
    return trust.anchors.n;
}

static void publish(struct place *place)
{
    scoped(published_clear) struct published own = {0};
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    struct error err = {0};
    bool changed = false;

    root_renew(&place->root);
    root_entry(&entry, &place->root, STORE_ROOTS, NULL);
    CU_ASSERT_FATAL(published_load_own(&own, place->scratch.fd, &err));
    CU_ASSERT_FATAL(published_add(&own, &entry, &renews, &changed, &err));
    CU_ASSERT_FATAL(published_save_own(place->scratch.fd, &own, &err));
}

static void an_unconfirmed_identity_goes_back_at_its_time(void)
{
    scoped(place_clear) struct place place = {0};

    place_make(&place);
    install(&place, AT_NOON + 10);
    upkeep_tick(&place.upkeep, AT_NOON + 9);
    CU_ASSERT_EQUAL(current(&place), 2);
    upkeep_tick(&place.upkeep, AT_NOON + 10);
    CU_ASSERT_EQUAL(current(&place), 1);
}

/* Not after a minute only: whenever the list is another one. */
static void the_stores_follow_the_list(void)
{
    scoped(place_clear) struct place place = {0};
    const time_t now = time(NULL);

    place_make(&place);
    upkeep_tick(&place.upkeep, now);
    CU_ASSERT_EQUAL(anchors(&place), 0);
    publish(&place);
    upkeep_tick(&place.upkeep, now); /* this second was looked at */
    CU_ASSERT_EQUAL(anchors(&place), 0);
    upkeep_tick(&place.upkeep, now + 1);
    CU_ASSERT_EQUAL(anchors(&place), 1);
    publish(&place);
    upkeep_tick(&place.upkeep, now + 2);
    CU_ASSERT_EQUAL(anchors(&place), 2);
}

static void what_was_removed_locally_comes_back_within_a_minute(void)
{
    scoped(place_clear) struct place place = {0};
    const time_t now = time(NULL) + 10; /* the list is settled */

    place_make(&place);
    publish(&place);
    upkeep_tick(&place.upkeep, now);
    CU_ASSERT_EQUAL_FATAL(anchors(&place), 1);
    CU_ASSERT_FATAL(scratch_shell(&place.scratch, "rm trust/anchors/*.pem"));
    upkeep_tick(&place.upkeep, now + TRUST_REFRESH_SECONDS - 1);
    CU_ASSERT_EQUAL(anchors(&place), 0);
    upkeep_tick(&place.upkeep, now + TRUST_REFRESH_SECONDS);
    CU_ASSERT_EQUAL(anchors(&place), 1);
}

static void who_holds_the_lock_is_not_waited_for(void)
{
    scoped(place_clear) struct place place = {0};
    struct error err = {0};

    place_make(&place);
    publish(&place);
    CU_ASSERT_FATAL(state_lock(&place.other, &err));
    upkeep_tick(&place.upkeep, AT_NOON);
    CU_ASSERT_EQUAL(anchors(&place), 0);
    state_unlock(&place.other);
    upkeep_tick(&place.upkeep, AT_NOON + 1);
    CU_ASSERT_EQUAL(anchors(&place), 1);
    CU_ASSERT_FALSE(place.state.locked);
}

static void a_damaged_list_stops_nothing_else(void)
{
    scoped(place_clear) struct place place = {0};

    place_make(&place);
    publish(&place);
    CU_ASSERT_FATAL(scratch_shell(&place.scratch, "echo x > trust/published/own.pem"));
    upkeep_tick(&place.upkeep, AT_NOON);
    CU_ASSERT_NOT_EQUAL(place.upkeep.told.msg, E_NONE);
    install(&place, AT_NOON + 10);
    upkeep_tick(&place.upkeep, AT_NOON + 11);
    CU_ASSERT_EQUAL(current(&place), 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(an_unconfirmed_identity_goes_back_at_its_time),
        TEST(the_stores_follow_the_list),
        TEST(what_was_removed_locally_comes_back_within_a_minute),
        TEST(who_holds_the_lock_is_not_waited_for),
        TEST(a_damaged_list_stops_nothing_else),
    };

    return run_tests("upkeep", tests, COUNT(tests));
}
