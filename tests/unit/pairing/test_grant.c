/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "pairing/grant.h"
#include "pairing/verdict.h"
#include "tests/support/pairs.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

/* The source of a good pair, holding a grant at the target. */
struct fixture {
    struct pair_case given;
    struct trust trust; /* of the target */
    struct grant grant;
};

static void fixture_make(struct fixture *out)
{
    struct leaves source, target;
    struct error err = {0};

    *out = (struct fixture){0};
    pair_case_load(&out->given, "same-ladder");
    source = pair_case_leaves(&out->given, SIDE_SOURCE);
    target = pair_case_leaves(&out->given, SIDE_TARGET);
    CU_ASSERT_FATAL(verdict_own_root(&out->trust, &out->given.target, &err));
    out->grant = (struct grant){
        .id = "g-1",
        .migration = "m-1",
        .peer_server_key =
            chain_leaf(&out->given.target)->spki_sha256, /* not the client's */
        .peer_client_key = chain_leaf(&out->given.source)->spki_sha256,
        .peer_name = "source",
        .byte_ceiling = 1U << 30,
        .issued = AT_NOON,
        .expires = AT_NOON + GRANT_SECONDS,
        .not_after = verdict_not_after(&source, &target),
    };
    memset(out->grant.transcript.byte, 7, DIGEST_BYTES);
}

static void fixture_clear(struct fixture *f)
{
    pair_case_clear(&f->given);
    trust_clear(&f->trust);
}

static enum msg admits(const struct fixture *f, time_t now)
{
    struct error err = {0};
    bool good = grant_admits(&f->grant, &f->given.source, false, &f->trust, now, &err);

    CU_ASSERT_EQUAL(good, err.msg == E_NONE);
    return err.msg;
}

static void the_key_it_names_is_admitted(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f);
    CU_ASSERT_EQUAL(admits(&f, AT_NOON), E_NONE);
}

static void another_key_is_not(void)
{
    scoped(fixture_clear) struct fixture f;
    struct error err = {0}, none = {0};
    const struct chain nobody = {0};

    fixture_make(&f);
    CU_ASSERT_FALSE(
        grant_admits(&f.grant, &f.given.target, false, &f.trust, AT_NOON, &err));
    CU_ASSERT_EQUAL(err.msg, E_GRANT_KEY);
    CU_ASSERT_FALSE(grant_admits(&f.grant, &nobody, false, &f.trust, AT_NOON, &none));
    CU_ASSERT_EQUAL(none.msg, E_GRANT_KEY);
}

/* The key of one TLS role does not serve in the other. */
static void the_key_of_the_other_role_is_not(void)
{
    scoped(fixture_clear) struct fixture f;
    struct error err = {0}, good = {0};

    fixture_make(&f);
    CU_ASSERT_FALSE(grant_is_current(&f.grant, &f.given.source, true, AT_NOON, &err));
    CU_ASSERT_EQUAL(err.msg, E_GRANT_KEY);
    CU_ASSERT(grant_is_current(&f.grant, &f.given.target, true, AT_NOON, &good));
}

static void it_ends_at_its_expiry(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f);
    CU_ASSERT_EQUAL(admits(&f, f.grant.expires - 1), E_NONE);
    CU_ASSERT_EQUAL(admits(&f, f.grant.expires), E_GRANT_EXPIRED);
}

static void a_revoked_one_admits_nobody(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f);
    f.grant.revoked = true;
    CU_ASSERT_EQUAL(admits(&f, AT_NOON), E_GRANT_REVOKED);
}

static void nothing_moves_after_the_first_certificate_has_ended(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f);
    f.grant.expires = f.grant.not_after + 1000;
    CU_ASSERT_EQUAL(admits(&f, f.grant.not_after), E_NONE);
    CU_ASSERT_EQUAL(admits(&f, f.grant.not_after + 1), E_GRANT_DATES);
    f.grant.not_after = 0; /* and by the certificates themselves */
    CU_ASSERT_EQUAL(admits(&f, chain_leaf(&f.given.source)->not_after.at + 1),
                    E_GRANT_DATES);
    CU_ASSERT_EQUAL(admits(&f, chain_leaf(&f.given.source)->not_before.at - 1),
                    E_GRANT_DATES);
}

static void the_chain_must_still_reach_an_anchor(void)
{
    scoped(fixture_clear) struct fixture f;
    struct error err = {0};

    fixture_make(&f);
    trust_clear(&f.trust);
    CU_ASSERT_EQUAL(admits(&f, AT_NOON), E_TRUST_NO_PATH);
    CU_ASSERT(grant_is_current(&f.grant, &f.given.source, false, AT_NOON, &err));
}

static void it_is_stored_and_found_again(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(state_db_clear) struct state_db state;
    struct grant loaded = {0}, by_id = {0}, none = {0};
    struct error err = {0}, unknown = {0}, not_ours = {0};

    fixture_make(&f);
    state_db_make(&state);
    CU_ASSERT_FATAL(grant_store(&state.db, &f.grant, "target", &err));
    CU_ASSERT_FATAL(grant_load(&loaded, &state.db, "m-1", "target", &err));
    CU_ASSERT_STRING_EQUAL(loaded.id, "g-1");
    CU_ASSERT_STRING_EQUAL(loaded.peer_name, "source");
    CU_ASSERT_EQUAL(loaded.byte_ceiling, f.grant.byte_ceiling);
    CU_ASSERT_EQUAL(loaded.issued, f.grant.issued);
    CU_ASSERT_EQUAL(loaded.expires, f.grant.expires);
    CU_ASSERT_EQUAL(loaded.not_after, f.grant.not_after);
    CU_ASSERT(digest_equal(&loaded.peer_client_key, &f.grant.peer_client_key));
    CU_ASSERT(digest_equal(&loaded.peer_server_key, &f.grant.peer_server_key));
    CU_ASSERT(digest_equal(&loaded.transcript, &f.grant.transcript));
    CU_ASSERT_FALSE(loaded.revoked);
    CU_ASSERT(grant_load_id(&by_id, &state.db, "g-1", &err));
    CU_ASSERT_STRING_EQUAL(by_id.migration, "m-1");
    CU_ASSERT_FALSE(grant_load(&none, &state.db, "m-1", "source", &not_ours));
    CU_ASSERT_EQUAL(not_ours.msg, E_GRANT_UNKNOWN);
    CU_ASSERT_FALSE(grant_load(&none, &state.db, "m-2", "target", &unknown));
    CU_ASSERT_EQUAL(unknown.msg, E_GRANT_UNKNOWN);
}

static void storing_it_again_renews_it_for_the_same_key_only(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(state_db_clear) struct state_db state;
    struct grant thief, loaded = {0};
    struct error err = {0}, other_key = {0}, other_migration = {0};

    fixture_make(&f);
    state_db_make(&state);
    CU_ASSERT_FATAL(grant_store(&state.db, &f.grant, "source", &err));
    f.grant.expires += 500;
    CU_ASSERT(grant_store(&state.db, &f.grant, "source", &err));
    thief = f.grant;
    memset(thief.peer_server_key.byte, 9, DIGEST_BYTES);
    memset(thief.peer_client_key.byte, 9, DIGEST_BYTES);
    CU_ASSERT_FALSE(grant_store(&state.db, &thief, "source", &other_key));
    CU_ASSERT_EQUAL(other_key.msg, E_GRANT_KEY);
    thief = f.grant;
    (void)text_fits(thief.migration, "m-2");
    CU_ASSERT_FALSE(grant_store(&state.db, &thief, "source", &other_migration));
    CU_ASSERT_FATAL(grant_load(&loaded, &state.db, "m-1", "source", &err));
    CU_ASSERT_EQUAL(loaded.expires, f.grant.expires);
    CU_ASSERT(digest_equal(&loaded.peer_server_key, &f.grant.peer_server_key));
}

/* Each side proves one of the peer's two keys; the other leaf may have a new one. */
static void a_peer_that_changed_its_other_key_is_renewed(void)
{
    static const char *const sides[] = {"source", "target"};

    for (size_t i = 0; i < COUNT(sides); i++) {
        scoped(fixture_clear) struct fixture f;
        scoped(state_db_clear) struct state_db state;
        struct grant loaded = {0}, thief;
        struct error err = {0}, proven = {0};
        struct digest *other;

        fixture_make(&f);
        state_db_make(&state);
        CU_ASSERT_FATAL(grant_store(&state.db, &f.grant, sides[i], &err));
        thief = f.grant;
        memset(i == 0 ? thief.peer_server_key.byte : thief.peer_client_key.byte, 9,
               DIGEST_BYTES);
        CU_ASSERT_FALSE(grant_store(&state.db, &thief, sides[i], &proven));
        CU_ASSERT_EQUAL(proven.msg, E_GRANT_KEY);
        other = i == 0 ? &f.grant.peer_client_key : &f.grant.peer_server_key;
        memset(other->byte, 8, DIGEST_BYTES);
        f.grant.pinned = true;
        CU_ASSERT(grant_store(&state.db, &f.grant, sides[i], &err));
        CU_ASSERT_FATAL(grant_load(&loaded, &state.db, "m-1", sides[i], &err));
        CU_ASSERT(digest_equal(&loaded.peer_client_key, &f.grant.peer_client_key));
        CU_ASSERT(digest_equal(&loaded.peer_server_key, &f.grant.peer_server_key));
        CU_ASSERT(loaded.pinned);
    }
}

static void a_revocation_outlives_a_renewal(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(state_db_clear) struct state_db state;
    struct grant loaded = {0};
    struct error err = {0}, unknown = {0};

    fixture_make(&f);
    state_db_make(&state);
    CU_ASSERT_FATAL(grant_store(&state.db, &f.grant, "target", &err));
    CU_ASSERT(grant_revoke(&state.db, "g-1", &err));
    CU_ASSERT_FALSE(grant_revoke(&state.db, "g-2", &unknown));
    CU_ASSERT_EQUAL(unknown.msg, E_GRANT_UNKNOWN);
    CU_ASSERT(grant_store(&state.db, &f.grant, "target", &err));
    CU_ASSERT_FATAL(grant_load(&loaded, &state.db, "m-1", "target", &err));
    CU_ASSERT(loaded.revoked);
}

static void the_one_given_last_counts_whatever_the_clock_said(void)
{
    static const char *const sides[] = {"source", "target"};
    scoped(fixture_clear) struct fixture f;
    scoped(state_db_clear) struct state_db state;
    struct error err = {0};

    fixture_make(&f);
    state_db_make(&state);
    for (size_t i = 0; i < COUNT(sides); i++) {
        struct grant first = f.grant, again = f.grant, loaded = {0};

        snprintf(first.id, sizeof(first.id), "g-%s-first", sides[i]);
        snprintf(again.id, sizeof(again.id), "g-%s-again", sides[i]);
        again.issued -= 86400; /* the clock was put back in between */
        CU_ASSERT_FATAL(grant_store(&state.db, &first, sides[i], &err));
        CU_ASSERT_FATAL(grant_revoke(&state.db, first.id, &err));
        CU_ASSERT_FATAL(grant_store(&state.db, &again, sides[i], &err));
        CU_ASSERT_FATAL(grant_load(&loaded, &state.db, "m-1", sides[i], &err));
        CU_ASSERT_STRING_EQUAL(loaded.id, again.id);
        CU_ASSERT_FALSE(loaded.revoked);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_key_it_names_is_admitted),
        TEST(another_key_is_not),
        TEST(the_key_of_the_other_role_is_not),
        TEST(it_ends_at_its_expiry),
        TEST(a_revoked_one_admits_nobody),
        TEST(nothing_moves_after_the_first_certificate_has_ended),
        TEST(the_chain_must_still_reach_an_anchor),
        TEST(it_is_stored_and_found_again),
        TEST(storing_it_again_renews_it_for_the_same_key_only),
        TEST(a_peer_that_changed_its_other_key_is_renewed),
        TEST(a_revocation_outlives_a_renewal),
        TEST(the_one_given_last_counts_whatever_the_clock_said),
    };

    return run_tests("grant", tests, COUNT(tests));
}
