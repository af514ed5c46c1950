/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two leaves: found in a file, and what their vouching is worth. */
#include "certs/statement.h"
#include "tests/support/family.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define BOTH (EKU_SERVER_AUTH | EKU_CLIENT_AUTH)

/* A family and what it issued. */
struct fixture {
    struct family family;
    struct appliance one, other;
};

static void fixture_make(struct fixture *out)
{
    *out = (struct fixture){0};
    family_make(&out->family, KEY_CHOICE_EC, 3);
    appliance_split(&out->one, &out->family, KEY_CHOICE_EC, "one.example.com");
    appliance_split(&out->other, &out->family, KEY_CHOICE_EC, "other.example.com");
}

static void fixture_clear(struct fixture *f)
{
    appliance_clear(&f->one);
    appliance_clear(&f->other);
    family_clear(&f->family);
}

/* The worst of what there is to say about the leaves; E_NONE for nothing. */
static enum msg judged(const struct leaves *leaves, enum policy policy,
                       enum occasion occasion)
{
    scoped(report_clear) struct report report = {0};

    leaves_judge(leaves, policy, occasion, &report);
    CU_ASSERT(report_errors(&report) == report.n);
    return report.n > 0 ? report.item[0].msg : E_NONE;
}

static enum msg vouching(const struct leaves *leaves)
{
    return judged(leaves, POLICY_DEFAULT, OCCASION_PEER);
}

static void two_leaves_that_vouch_are_good_but_under_ome(void)
{
    scoped(fixture_clear) struct fixture f;
    struct leaves leaves;

    fixture_make(&f);
    leaves = identity_leaves(&f.one.identity);
    CU_ASSERT(leaves_are_split(&leaves));
    CU_ASSERT_EQUAL(vouching(&leaves), E_NONE);
    CU_ASSERT_EQUAL(judged(&leaves, POLICY_STRICT, OCCASION_OWN), E_NONE);
    CU_ASSERT_EQUAL(judged(&leaves, POLICY_FIPS, OCCASION_PEER), E_NONE);
    CU_ASSERT_EQUAL(judged(&leaves, POLICY_OME, OCCASION_OWN), E_PAIR_SPLIT);
    CU_ASSERT_EQUAL(judged(&leaves, POLICY_OME, OCCASION_UPLOAD), E_PAIR_SPLIT);
    leaves = leaves_one(&f.one.identity.chain);
    CU_ASSERT_EQUAL(judged(&leaves, POLICY_OME, OCCASION_OWN), E_NONE);
}

static void a_missing_or_foreign_vouching_is_refused(void)
{
    scoped(fixture_clear) struct fixture f;
    const struct leaves *other;
    struct leaves good, leaves, others;

    fixture_make(&f);
    good = identity_leaves(&f.one.identity);
    others = identity_leaves(&f.other.identity);
    other = &others;
    leaves = good;
    leaves.server_vouch = (struct span){0};
    CU_ASSERT_EQUAL(vouching(&leaves), E_VOUCH_MISSING);
    CU_ASSERT_EQUAL(judged(&leaves, POLICY_DEFAULT, OCCASION_OFFLINE), E_NONE);
    leaves = good;
    leaves.client_vouch = (struct span){0};
    CU_ASSERT_EQUAL(vouching(&leaves), E_VOUCH_MISSING);
    /* One leaf's word for the other, put the other way round. */
    leaves = good;
    leaves.client_vouch = good.server_vouch;
    CU_ASSERT_EQUAL(vouching(&leaves), E_VOUCH_FORGED);
    /* That of another appliance, and its leaf with all that was said about it. */
    leaves = good;
    leaves.server_vouch = other->server_vouch;
    CU_ASSERT_EQUAL(vouching(&leaves), E_VOUCH_FORGED);
    leaves = good;
    leaves.client = other->client;
    leaves.client_vouch = other->client_vouch;
    leaves.server_vouch = other->server_vouch;
    CU_ASSERT_EQUAL(vouching(&leaves), E_VOUCH_FORGED);
}

/* The right key and the right words, as another kind of statement or in the other part. */
static void no_other_signature_is_a_vouching(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(buf_clear) struct buf body = buf_upto(2 * DIGEST_BYTES);
    static const struct {
        enum statement kind;
        const char *role;
        enum msg expected;
    } rows[] = {{STATEMENT_VOUCH, "client", E_NONE},
                {STATEMENT_VOUCH, "server", E_VOUCH_FORGED},
                {STATEMENT_VERDICT, "client", E_VOUCH_FORGED}};
    struct leaves leaves;
    struct digest digest;
    struct error err = {0};

    fixture_make(&f);
    key_spki_digest(&digest, &f.one.whole);
    CU_ASSERT_FATAL(buf_add(&body, digest_span(&digest), &err));
    key_spki_digest(&digest, &f.one.whole_client);
    CU_ASSERT_FATAL(buf_add(&body, digest_span(&digest), &err));
    leaves = identity_leaves(&f.one.identity);
    for (size_t i = 0; i < COUNT(rows); i++) {
        scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);

        CU_ASSERT_FATAL(statement_sign(&signature, &f.one.whole_client, rows[i].kind,
                                       rows[i].role, buf_span(&body), &err));
        leaves.server_vouch = buf_span(&signature);
        CU_ASSERT_EQUAL(vouching(&leaves), rows[i].expected);
    }
}

static void a_worker_cannot_have_a_vouching_signed(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    const struct identity *identity;
    struct error err = {0};

    fixture_make(&f);
    identity = &f.one.identity;
    CU_ASSERT_FALSE(leaf_vouch(&signature, &identity->key, LEAF_SERVER,
                               buf_span(&identity->key.spki),
                               buf_span(&identity->client_key.spki), &err));
    CU_ASSERT_EQUAL(err.msg, E_SIGNER_REFUSED);
}

/* Certificates of chains in one file, leaf and issuers of each, in this order. */
struct parting {
    struct chain given, server, client;
};

static void parting_clear(struct parting *p)
{
    chain_clear(&p->given);
    chain_clear(&p->server);
    chain_clear(&p->client);
}

static void add(struct parting *p, const struct chain *chain, size_t from, size_t until)
{
    struct error err = {0};

    for (size_t i = from; i < until && i < chain->n; i++)
        CU_ASSERT_FATAL(chain_add_der(&p->given, buf_span(&chain->cert[i].der), &err));
}

static bool is_split(struct parting *p)
{
    struct error err = {0};

    CU_ASSERT_FATAL(leaves_part(&p->server, &p->client, &p->given, &err));
    return p->client.n > 0;
}

static void two_leaves_are_found_in_one_file(void)
{
    scoped(fixture_clear) struct fixture f;
    const struct chain *server, *client;

    fixture_make(&f);
    server = &f.one.identity.chain;
    client = &f.one.identity.client_chain;
    for (unsigned order = 0; order < 4; order++) {
        scoped(parting_clear) struct parting p = {0};

        if (order == 0) /* both, then the issuers */
            add(&p, client, 0, 1);
        if (order == 3) /* the other way round */
            add(&p, client, 0, 3);
        add(&p, server, 0, 3);
        if (order == 1) /* the client's behind them */
            add(&p, client, 0, 1);
        if (order == 2) /* each with its issuers */
            add(&p, client, 0, 3);
        CU_ASSERT_FATAL(is_split(&p));
        CU_ASSERT_EQUAL(p.server.n, 3);
        CU_ASSERT_EQUAL(p.client.n, 3);
        for (size_t i = 0; i < 3; i++) {
            CU_ASSERT(digest_equal(&p.server.cert[i].sha256, &server->cert[i].sha256));
            CU_ASSERT(digest_equal(&p.client.cert[i].sha256, &client->cert[i].sha256));
        }
    }
}

static void leaves_of_one_use_or_in_doubt_are_one_chain(void)
{
    static const unsigned ekus[][2] = {{EKU_SERVER_AUTH, EKU_SERVER_AUTH},
                                       {EKU_CLIENT_AUTH, EKU_CLIENT_AUTH},
                                       {BOTH, BOTH}};
    scoped(family_clear) struct family family = {0};

    family_make(&family, KEY_CHOICE_EC, 3);
    for (size_t i = 0; i < COUNT(ekus); i++) {
        scoped(parting_clear) struct parting p = {0};
        scoped(key_clear) struct key key = key_none(), other = key_none();
        scoped(chain_clear) struct chain one = {0}, two = {0};

        leaf_make(&key, &one, &family, KEY_CHOICE_EC, "a", ekus[i][0]);
        leaf_make(&other, &two, &family, KEY_CHOICE_EC, "b", ekus[i][1]);
        add(&p, &one, 0, 1);
        add(&p, &two, 0, 3);
        CU_ASSERT_FALSE(is_split(&p));
        CU_ASSERT_EQUAL(p.server.n, p.given.n);
    }
}

static void three_leaves_are_one_chain_and_one_of_both_uses_may_serve(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain both = {0};
    scoped(parting_clear) struct parting three = {0}, two = {0};

    fixture_make(&f);
    leaf_make(&key, &both, &f.family, KEY_CHOICE_EC, "both", BOTH);
    add(&three, &f.one.identity.client_chain, 0, 1);
    add(&three, &f.one.identity.chain, 0, 1);
    add(&three, &both, 0, 3);
    CU_ASSERT_FALSE(is_split(&three));
    add(&two, &f.one.identity.client_chain, 0, 1);
    add(&two, &both, 0, 3);
    CU_ASSERT(is_split(&two));
    CU_ASSERT(digest_equal(&two.server.cert[0].sha256, &both.cert[0].sha256));
}

static void the_other_leaf_stands_over_the_presented_issuers(void)
{
    scoped(fixture_clear) struct fixture f;
    scoped(chain_clear) struct chain over = {0};
    const struct chain *client;
    struct error err = {0};

    fixture_make(&f);
    client = &f.one.identity.client_chain;
    CU_ASSERT_FATAL(
        leaves_over(&over, buf_span(&f.one.identity.chain.cert[0].der), client, &err));
    CU_ASSERT_EQUAL_FATAL(over.n, 3);
    CU_ASSERT(digest_equal(&over.cert[0].sha256, &f.one.identity.chain.cert[0].sha256));
    CU_ASSERT(digest_equal(&over.cert[2].sha256, &client->cert[2].sha256));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(two_leaves_that_vouch_are_good_but_under_ome),
        TEST(a_missing_or_foreign_vouching_is_refused),
        TEST(no_other_signature_is_a_vouching),
        TEST(a_worker_cannot_have_a_vouching_signed),
        TEST(two_leaves_are_found_in_one_file),
        TEST(leaves_of_one_use_or_in_doubt_are_one_chain),
        TEST(three_leaves_are_one_chain_and_one_of_both_uses_may_serve),
        TEST(the_other_leaf_stands_over_the_presented_issuers),
    };

    return run_tests("leaves", tests, COUNT(tests));
}
