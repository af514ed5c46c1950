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

static void the_last_anchor_stays(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain root = {0}, other = {0};
    scoped(trust_clear) struct trust one = {0}, two = {0};
    struct error err = {0}, last = {0}, unknown = {0};

    scratch_make(&scratch);
    make_root(&root, "Root");
    make_root(&other, "Other");
    CU_ASSERT_FATAL(trust_add(scratch.fd, chain_leaf(&root), false, &err));
    CU_ASSERT_FATAL(trust_load(&one, scratch.fd, &err));
    CU_ASSERT_FALSE(trust_may_remove(&one, &chain_leaf(&root)->sha256, &last));
    CU_ASSERT_EQUAL(last.msg, E_ANCHOR_LAST);
    CU_ASSERT_FALSE(trust_may_remove(&one, &chain_leaf(&other)->sha256, &unknown));
    CU_ASSERT_EQUAL(unknown.msg, E_ANCHOR_UNKNOWN);
    CU_ASSERT_FATAL(trust_add(scratch.fd, chain_leaf(&other), false, &err));
    CU_ASSERT_FATAL(trust_load(&two, scratch.fd, &err));
    CU_ASSERT(trust_may_remove(&two, &chain_leaf(&root)->sha256, &err));
}

static void the_root_of_our_chain_goes_with_the_chain_alone(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(trust_clear) struct trust trust = {0};
    const struct ca_plan plan = {.name = "Root", .now = AT_NOON};
    unsigned number = 0;
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(ca_init(scratch.fd, &plan, &err));
    CU_ASSERT_FATAL(ca_load(&ca, scratch.fd, &err));
    CU_ASSERT_FATAL(identity_install(&number, scratch.fd, &ca.key, &ca.chain,
                                     IDENTITY_CHAIN, "a test", &err));
    CU_ASSERT_EQUAL(anchors(&scratch), 1);
    CU_ASSERT_FATAL(trust_load(&trust, scratch.fd, &err));
    CU_ASSERT_FALSE(trust_may_remove(&trust, &chain_leaf(&ca.chain)->sha256, &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_OWN);
    err = (struct error){0};
    CU_ASSERT(trust_add(scratch.fd, chain_leaf(&ca.chain), false, &err));
    CU_ASSERT_EQUAL(anchors(&scratch), 1); /* not twice */
}

/* openssl writes what it is told; here the seconds are missing (M-05). */
static void an_anchor_whose_times_are_none_is_refused(void)
{
    static const char broken[] =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k "
        "-subj /CN=Root -days 9 -out good.pem && "
        "openssl x509 -in good.pem -outform DER -out d && python3 -c '"
        "b=bytearray(open(\"d\",\"rb\").read()); i=b.index(b\"\\x17\\x0d\")+14;"
        "b[i]=ord(\"z\"); open(\"d\",\"wb\").write(b)' && "
        "openssl x509 -inform DER -in d -out bad.pem";
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain root = {0};
    scoped(trust_clear) struct trust trust = {0};
    char pem[8192];
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, broken));
    scratch_read(pem, sizeof(pem), &scratch, "bad.pem");
    CU_ASSERT_FATAL(chain_parse(&root, span_text(pem), &err));
    CU_ASSERT_FALSE(trust_may_anchor(chain_leaf(&root), &err));
    err = (struct error){0};
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mkdir -p trust/anchors && "
                                            "cp bad.pem trust/anchors/x.pem"));
    CU_ASSERT_FALSE(trust_load(&trust, scratch.fd, &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_TIME);
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
        TEST(the_last_anchor_stays),
        TEST(an_anchor_whose_times_are_none_is_refused),
        TEST(the_root_of_our_chain_goes_with_the_chain_alone),
        TEST(a_damaged_anchor_is_named),
    };

    return run_tests("trust", tests, COUNT(tests));
}
