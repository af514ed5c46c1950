/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/path.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

/* Length of the path from the folder's first certificate to the last one of `anchor`; 0:
 * none. */
static size_t path_to(const char *folder, const char *anchor)
{
    scoped(chain_clear) struct chain chain = {0}, other = {0};
    struct path path = {0};
    struct trust trust = {0};

    case_chain(&chain, folder);
    case_chain(&other, anchor);
    trust.anchors = (struct chain){.cert = &other.cert[other.n - 1], .n = 1};
    if (!path_build(&path, chain_leaf(&chain), &chain, &trust)) {
        CU_ASSERT_EQUAL(path.n, 0);
        return 0;
    }
    CU_ASSERT_PTR_EQUAL(path.cert[0], chain_leaf(&chain));
    CU_ASSERT_PTR_EQUAL(path.cert[path.n - 1], trust.anchors.cert);
    return path.n;
}

static void a_chain_reaches_its_own_root(void)
{
    CU_ASSERT_EQUAL(path_to("good", "good"), 3);
    CU_ASSERT_EQUAL(path_to("good-ec-under-root", "good"), 2);
    CU_ASSERT_EQUAL(path_to("good-10-certificates", "good-10-certificates"), 10);
    CU_ASSERT_EQUAL(path_to("good-rsa-pss-signature", "good-rsa-throughout"), 3);
    CU_ASSERT_EQUAL(
        path_to("good-self-issued-intermediate", "good-self-issued-intermediate"), 4);
}

static void the_anchor_need_not_be_in_the_file(void)
{
    CU_ASSERT_EQUAL(path_to("complete-without-root", "good"), 3);
    CU_ASSERT_EQUAL(path_to("complete-without-intermediate", "good"), 0);
}

static void extras_and_order_do_not_matter(void)
{
    CU_ASSERT_EQUAL(path_to("order-issuers-swapped", "good"), 3);
    CU_ASSERT_EQUAL(path_to("extra-unrelated-root-inside", "good"), 3);
}

static void a_cross_certificate_is_a_way(void)
{
    CU_ASSERT_EQUAL(path_to("extra-cross-certificate", "extra-unrelated-root"), 4);
}

static void a_stranger_is_no_anchor(void)
{
    CU_ASSERT_EQUAL(path_to("good", "good-p384"), 0);
    CU_ASSERT_EQUAL(path_to("good", "signature-by-forged-root"), 0);
}

static void a_broken_link_leads_nowhere(void)
{
    static const char *const folders[] = {"signature-of-leaf",
                                          "signature-by-forger",
                                          "issuer-ca-false",
                                          "issuer-ca-without-cert-sign",
                                          "path-length-of-root",
                                          "name-constraints-dns-excluded",
                                          "algorithm-sha1-leaf",
                                          "critical-extension-on-leaf",
                                          "algorithm-md5-intermediate",
                                          "critical-extension-on-intermediate"};

    for (size_t i = 0; i < COUNT(folders); i++)
        CU_ASSERT_EQUAL(path_to(folders[i], folders[i]), 0);
}

static void a_path_has_at_most_ten_below_the_anchor(void)
{
    CU_ASSERT_EQUAL(path_to("depth-11", "depth-11"), 11);
    CU_ASSERT_EQUAL(path_to("depth-12", "depth-12"), 0);
}

static void a_mesh_ends_at_a_limit(void)
{
    scoped(path_walk_clear) struct path_walk walk = {0};
    scoped(chain_clear) struct chain mesh = {0}, stranger = {0};
    struct trust trust = {0};
    struct path path = {0};

    case_mesh(&mesh);
    case_chain(&stranger, "good-p384");
    trust.anchors = stranger;
    CU_ASSERT_FALSE(path_build(&path, chain_leaf(&mesh), &mesh, &trust));
    path_walk_begin(&walk, chain_leaf(&mesh), &mesh, &stranger);
    path_walk_again(&walk, LINKS_SIGNED);
    CU_ASSERT_FALSE(path_walk_next(&path, &walk));
    CU_ASSERT_TRUE(walk.given_up);
    CU_ASSERT_TRUE(walk.tries <= PATH_TRIES && walk.steps <= PATH_STEPS);
    CU_ASSERT_EQUAL(walk.furthest.n, CHAIN_MAX);
    CU_ASSERT_FALSE(path_walk_next(&path, &walk));
}

/* Two anchors, two ways: by the root itself and by the root that signed it across. */
static void every_way_is_found_once(void)
{
    scoped(path_walk_clear) struct path_walk walk = {0};
    scoped(chain_clear) struct chain chain = {0}, good = {0}, other = {0};
    struct path path = {0};
    struct cert roots[2];
    struct chain anchors = {.cert = roots, .n = 2};

    case_chain(&chain, "extra-cross-certificate");
    case_chain(&good, "good");
    case_chain(&other, "extra-unrelated-root");
    roots[0] = good.cert[good.n - 1];
    roots[1] = other.cert[other.n - 1];
    path_walk_begin(&walk, chain_leaf(&chain), &chain, &anchors);
    CU_ASSERT_TRUE(path_walk_next(&path, &walk));
    CU_ASSERT_EQUAL(path.n, 3);
    CU_ASSERT_EQUAL(path_intermediates(&path), 1);
    CU_ASSERT_TRUE(path_walk_next(&path, &walk));
    CU_ASSERT_EQUAL(path.n, 4);
    CU_ASSERT_EQUAL(path_intermediates(&path), 2);
    CU_ASSERT_FALSE(path_walk_next(&path, &walk));
    CU_ASSERT_FALSE(walk.given_up);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_chain_reaches_its_own_root),
        TEST(the_anchor_need_not_be_in_the_file),
        TEST(extras_and_order_do_not_matter),
        TEST(a_cross_certificate_is_a_way),
        TEST(a_stranger_is_no_anchor),
        TEST(a_broken_link_leads_nowhere),
        TEST(a_path_has_at_most_ten_below_the_anchor),
        TEST(a_mesh_ends_at_a_limit),
        TEST(every_way_is_found_once),
    };

    return run_tests("path", tests, COUNT(tests));
}
