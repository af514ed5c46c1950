/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/ca.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

/* A root of this name and a new key, as ca_init makes it, below `name` of the scratch. */
static void make_root(struct chain *out, const char *name)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};
    const struct ca_plan plan = {.name = name, .now = AT_NOON};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(ca_init(scratch.fd, &plan, &err));
    CU_ASSERT_FATAL(ca_load(&ca, scratch.fd, &err));
    CU_ASSERT_FATAL(chain_copy(out, &ca.chain, &err));
}

static size_t anchors(const struct scratch *scratch)
{
    scoped(trust_clear) struct trust trust = {0};
    struct error err = {0};

    CU_ASSERT(trust_load(&trust, scratch->fd, &err));
    return trust.anchors.n;
}

static void an_imported_anchor_is_found_by_its_key(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain root = {0}, other = {0};
    scoped(trust_clear) struct trust trust = {0};
    struct error err = {0};

    scratch_make(&scratch);
    make_root(&root, "Root A");
    make_root(&other, "Root B");
    CU_ASSERT_FATAL(trust_add(scratch.fd, chain_leaf(&root), false, &err));
    CU_ASSERT_FATAL(trust_load(&trust, scratch.fd, &err));
    CU_ASSERT_EQUAL(trust.imported, 1);
    CU_ASSERT_PTR_NOT_NULL(trust_find_key(&trust, &chain_leaf(&root)->spki_sha256));
    CU_ASSERT_PTR_NOT_NULL(trust_find(&trust, &chain_leaf(&root)->sha256));
    CU_ASSERT_PTR_NULL(trust_find_key(&trust, &chain_leaf(&other)->spki_sha256));
}

static void importing_again_changes_nothing(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain root = {0};
    struct error err = {0};

    scratch_make(&scratch);
    make_root(&root, "Root");
    CU_ASSERT(trust_add(scratch.fd, chain_leaf(&root), false, &err));
    CU_ASSERT(trust_add(scratch.fd, chain_leaf(&root), false, &err));
    CU_ASSERT_EQUAL(anchors(&scratch), 1);
}

static void a_twin_needs_confirmation(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain root = {0}, twin = {0};
    struct error err = {0}, none = {0};

    scratch_make(&scratch);
    make_root(&root, "Root");
    make_root(&twin, "ROOT");
    CU_ASSERT_FATAL(trust_add(scratch.fd, chain_leaf(&root), false, &err));
    CU_ASSERT_FALSE(trust_add(scratch.fd, chain_leaf(&twin), false, &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_TWIN);
    CU_ASSERT_EQUAL(anchors(&scratch), 1);
    CU_ASSERT(trust_add(scratch.fd, chain_leaf(&twin), true, &none));
    CU_ASSERT_EQUAL(anchors(&scratch), 2);
}

static void a_leaf_is_no_anchor(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain leaf = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(ca_self_sign(&leaf, &key, "node.example.com", AT_NOON, &err));
    CU_ASSERT_FALSE(trust_add(scratch.fd, chain_leaf(&leaf), true, &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_NO_CA);
}

static void a_removed_anchor_is_gone(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain root = {0};
    struct error err = {0};

    scratch_make(&scratch);
    make_root(&root, "Root");
    CU_ASSERT_FATAL(trust_add(scratch.fd, chain_leaf(&root), false, &err));
    CU_ASSERT(trust_remove(scratch.fd, &chain_leaf(&root)->sha256, &err));
    CU_ASSERT_EQUAL(anchors(&scratch), 0);
    CU_ASSERT_FALSE(trust_remove(scratch.fd, &chain_leaf(&root)->sha256, &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_UNKNOWN);
}

static void the_root_of_our_chain_goes_with_the_chain_alone(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};
    const struct ca_plan plan = {.name = "Root", .now = AT_NOON};
    unsigned number = 0;
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(ca_init(scratch.fd, &plan, &err));
    CU_ASSERT_FATAL(ca_load(&ca, scratch.fd, &err));
    CU_ASSERT_FATAL(identity_install(&number, scratch.fd, &ca.key, &ca.chain,
                                     IDENTITY_CHAIN, "a test", &err));
    CU_ASSERT_EQUAL(anchors(&scratch), 1);
    CU_ASSERT_FALSE(trust_remove(scratch.fd, &chain_leaf(&ca.chain)->sha256, &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_OWN);
    err = (struct error){0};
    CU_ASSERT(trust_add(scratch.fd, chain_leaf(&ca.chain), false, &err));
    CU_ASSERT_EQUAL(anchors(&scratch), 1); /* not twice */
}

static void a_damaged_anchor_is_named(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain root = {0};
    scoped(trust_clear) struct trust trust = {0};
    struct error err = {0};

    scratch_make(&scratch);
    make_root(&root, "Root");
    CU_ASSERT_FATAL(trust_add(scratch.fd, chain_leaf(&root), false, &err));
    CU_ASSERT_FATAL(scratch_shell(&scratch, "truncate -s 100 trust/anchors/*.pem"));
    CU_ASSERT_FALSE(trust_load(&trust, scratch.fd, &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_BROKEN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(an_imported_anchor_is_found_by_its_key),
        TEST(importing_again_changes_nothing),
        TEST(a_twin_needs_confirmation),
        TEST(a_leaf_is_no_anchor),
        TEST(a_removed_anchor_is_gone),
        TEST(the_root_of_our_chain_goes_with_the_chain_alone),
        TEST(a_damaged_anchor_is_named),
    };

    return run_tests("trust", tests, COUNT(tests));
}
