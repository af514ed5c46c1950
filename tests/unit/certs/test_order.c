/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/chain.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static void lay(struct chain_order *order, struct chain *chain, const char *name)
{
    case_chain(chain, name);
    chain_lay_order(order, chain);
}

static void a_good_chain_is_as_given(void)
{
    scoped(chain_clear) struct chain chain = {0};
    struct chain_order order;

    lay(&order, &chain, "good");
    CU_ASSERT_EQUAL(order.n, 3);
    CU_ASSERT_TRUE(order.as_given && order.ascending && order.complete);
    CU_ASSERT_TRUE(order.verified[0] && order.verified[1] && order.verified[2]);
}

static void a_shuffled_chain_is_sorted_by_signature(void)
{
    scoped(chain_clear) struct chain chain = {0}, sorted = {0};
    struct chain_order order;
    struct error err = {0};

    lay(&order, &chain, "order-root-first");
    CU_ASSERT_FALSE(order.as_given);
    CU_ASSERT_FALSE(order.ascending);
    CU_ASSERT_TRUE(chain_sorted(&sorted, &chain, &order, &err));
    CU_ASSERT_STRING_EQUAL(cert_issued_to(chain_leaf(&sorted)), "OMENT-310");
    CU_ASSERT_STRING_EQUAL(cert_issued_to(chain_root(&sorted)), "CA-Racine");
}

static void duplicates_and_extras_are_off_the_path(void)
{
    scoped(chain_clear) struct chain twice = {0}, extra = {0};
    struct chain_order order;

    lay(&order, &twice, "extra-duplicate-leaf");
    CU_ASSERT_TRUE(order.duplicate[1] && order.extra[1] && order.ascending);
    CU_ASSERT_EQUAL(order.n, 3);
    lay(&order, &extra, "extra-unrelated-root-inside");
    CU_ASSERT_TRUE(order.extra[1] && !order.duplicate[1]);
    CU_ASSERT_TRUE(order.ascending && !order.as_given);
}

static void the_shorter_way_to_a_root_is_taken(void)
{
    scoped(chain_clear) struct chain cross = {0}, twin = {0};
    struct chain_order order;

    lay(&order, &cross, "extra-cross-certificate");
    CU_ASSERT_EQUAL(order.n, 3);
    lay(&order, &twin, "extra-expired-twin-of-root");
    CU_ASSERT_EQUAL(order.path[2], 3);
}

static void an_equal_name_alone_makes_no_root(void)
{
    scoped(chain_clear) struct chain chain = {0};
    struct chain_order order;

    lay(&order, &chain, "good-self-issued-intermediate");
    CU_ASSERT_EQUAL(order.n, 4);
    CU_ASSERT_TRUE(order.complete && order.verified[3]);
}

static void a_broken_signature_does_not_lose_the_issuer(void)
{
    scoped(chain_clear) struct chain leaf = {0}, root = {0};
    struct chain_order order;

    lay(&order, &leaf, "signature-by-forger-with-own-identifier");
    CU_ASSERT_EQUAL(order.n, 3);
    CU_ASSERT_TRUE(order.complete && !order.verified[0] && order.verified[1]);
    lay(&order, &root, "signature-of-root");
    CU_ASSERT_TRUE(order.complete && order.verified[1] && !order.verified[2]);
}

static void a_gap_ends_the_path(void)
{
    scoped(chain_clear) struct chain chain = {0};
    struct chain_order order;

    lay(&order, &chain, "complete-gap-of-one");
    CU_ASSERT_EQUAL(order.n, 2);
    CU_ASSERT_FALSE(order.complete);
}

static void an_empty_chain_has_no_path(void)
{
    struct chain chain = {0};
    struct chain_order order;

    chain_lay_order(&order, &chain);
    CU_ASSERT_EQUAL(order.n, 0);
    CU_ASSERT_FALSE(order.complete);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_good_chain_is_as_given),
        TEST(a_shuffled_chain_is_sorted_by_signature),
        TEST(duplicates_and_extras_are_off_the_path),
        TEST(the_shorter_way_to_a_root_is_taken),
        TEST(an_equal_name_alone_makes_no_root),
        TEST(a_broken_signature_does_not_lose_the_issuer),
        TEST(a_gap_ends_the_path),
        TEST(an_empty_chain_has_no_path),
    };

    return run_tests("order", tests, COUNT(tests));
}
