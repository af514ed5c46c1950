/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/profile.h"
#include "tests/support/pairs.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

/* The source's profile as the target holds it, beside the chain of the connection. */
struct fixture {
    struct pair_case given;
    struct profile profile;
};

static void fixture_make(struct fixture *out)
{
    struct leaves leaves;
    struct error err = {0};

    *out = (struct fixture){0};
    pair_case_load(&out->given, "same-ladder");
    leaves = pair_case_leaves(&out->given, SIDE_SOURCE);
    CU_ASSERT_FATAL(
        profile_make(&out->profile, SIDE_SOURCE, &leaves, POLICY_STRICT, 1000, &err));
}

static void fixture_clear(struct fixture *f)
{
    pair_case_clear(&f->given);
    profile_clear(&f->profile);
}

static enum msg check(const struct fixture *f, enum side expected,
                      const struct chain *presented)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(profile_check(&f->profile, expected, presented, &err),
                    err.msg == E_NONE);
    return err.msg;
}

static void our_own_profile_is_as_it_should_be(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f);
    CU_ASSERT_EQUAL(f.profile.policy, POLICY_STRICT);
    CU_ASSERT_EQUAL(f.profile.clock_ms, 1000);
    CU_ASSERT(digest_equal(&f.profile.server.spki_sha256,
                           &chain_leaf(&f.given.source)->spki_sha256));
    CU_ASSERT_EQUAL(check(&f, SIDE_SOURCE, &f.given.source), E_NONE);
}

static void the_part_the_version_and_the_leaf_must_fit(void)
{
    scoped(fixture_clear) struct fixture f;
    const struct chain none = {0};

    fixture_make(&f);
    CU_ASSERT_EQUAL(check(&f, SIDE_TARGET, &f.given.source), E_PAIR_ROLE);
    CU_ASSERT_EQUAL(check(&f, SIDE_SOURCE, &f.given.target), E_PAIR_LEAF);
    CU_ASSERT_EQUAL(check(&f, SIDE_SOURCE, &none), E_PAIR_LEAF);
    f.profile.version_max = PROTOCOL_VERSION + 5;
    CU_ASSERT_EQUAL(check(&f, SIDE_SOURCE, &f.given.source), E_NONE);
    f.profile.version_min = PROTOCOL_VERSION + 1;
    CU_ASSERT_EQUAL(check(&f, SIDE_SOURCE, &f.given.source), E_PAIR_VERSION);
    f.profile.version_min = f.profile.version_max = PROTOCOL_VERSION - 1;
    CU_ASSERT_EQUAL(check(&f, SIDE_SOURCE, &f.given.source), E_PAIR_VERSION);
}

/* The word of its other leaf, as the hello has it. */
static void give_server_leaf(struct fixture *f, const struct cert *leaf)
{
    struct error err = {0};

    buf_reset(&f->profile.server.der);
    CU_ASSERT_FATAL(buf_add(&f->profile.server.der, buf_span(&leaf->der), &err));
    CU_ASSERT_FATAL(buf_add(&f->profile.server.vouch, span_text("word"), &err));
}

static void two_leaves_stand_over_the_presented_issuers(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(chain_clear) struct chain other = {0};
    struct leaves leaves;
    struct error err = {0};

    fixture_make(&f);
    CU_ASSERT(profile_leaves(&leaves, &other, &f.profile, &f.given.source, &err));
    CU_ASSERT_FALSE(leaves_are_split(&leaves));
    CU_ASSERT_EQUAL(other.n, 0);
    give_server_leaf(&f, chain_leaf(&f.given.target));
    CU_ASSERT_EQUAL(check(&f, SIDE_SOURCE, &f.given.source), E_NONE);
    CU_ASSERT_FATAL(profile_leaves(&leaves, &other, &f.profile, &f.given.source, &err));
    CU_ASSERT(leaves_are_split(&leaves));
    CU_ASSERT_PTR_EQUAL(leaves.client, &f.given.source);
    CU_ASSERT_EQUAL(leaves.server->n, f.given.source.n);
    CU_ASSERT(digest_equal(&chain_leaf(leaves.server)->sha256,
                           &chain_leaf(&f.given.target)->sha256));
    CU_ASSERT(span_equal(leaves.server_vouch, span_text("word")));
}

/* The leaf that is not presented proves nothing: the connection's is what counts. */
static void the_leaf_of_the_other_part_cannot_be_presented(void)
{
    scoped(fixture_clear) struct fixture f;

    fixture_make(&f);
    give_server_leaf(&f, chain_leaf(&f.given.target));
    CU_ASSERT_EQUAL(check(&f, SIDE_SOURCE, &f.given.target), E_PAIR_LEAF);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(our_own_profile_is_as_it_should_be),
        TEST(the_part_the_version_and_the_leaf_must_fit),
        TEST(two_leaves_stand_over_the_presented_issuers),
        TEST(the_leaf_of_the_other_part_cannot_be_presented),
    };

    return run_tests("profile", tests, COUNT(tests));
}
