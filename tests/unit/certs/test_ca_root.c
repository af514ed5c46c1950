/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/ca_root.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static void load(struct ca *out, const struct scratch *scratch)
{
    struct error err = {0};

    ca_clear(out);
    CU_ASSERT_FATAL(ca_load(out, scratch->fd, &err));
}

static void the_same_key_keeps_name_and_key(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(chain_clear) struct chain before = {0};
    struct error err = {0};

    root_make(&root, "Root");
    CU_ASSERT_FATAL(chain_copy(&before, &root.ca.chain, &err));
    root_renew(&root);
    CU_ASSERT(span_equal(root_cert(&root)->spki, chain_root(&before)->spki));
    CU_ASSERT(span_equal(root_cert(&root)->subject, chain_root(&before)->subject));
    CU_ASSERT_FALSE(digest_equal(&root_cert(&root)->sha256, &chain_root(&before)->sha256));
    CU_ASSERT(scratch_has(&root.scratch, "ca.1/key.pem"));
}

static void a_new_key_has_a_name_of_its_own(void)
{
    scoped(root_clear) struct root root = {0};
    const struct ca_renewal renewal = {.key = KEY_CHOICE_EC, .now = AT_NOON};
    struct error err = {0};

    root_make(&root, "Root");
    CU_ASSERT_FATAL(ca_renew(root.scratch.fd, &renewal, &err));
    load(&root.ca, &root.scratch);
    CU_ASSERT_STRING_EQUAL(root_cert(&root)->cn, "Root G2");
    CU_ASSERT_FATAL(ca_renew(root.scratch.fd, &renewal, &err));
    load(&root.ca, &root.scratch);
    CU_ASSERT_STRING_EQUAL(root_cert(&root)->cn, "Root G3");
    CU_ASSERT(scratch_has(&root.scratch, "ca.1/key.pem"));
    CU_ASSERT(scratch_has(&root.scratch, "ca.2/key.pem"));
}

static void what_issues_stays_below_the_renewed_root(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0}, again = {0};
    const struct ca_plan plan = {.name = "Deep", .intermediate = true, .now = AT_NOON};
    struct ca_renewal renewal = {.same_key = true, .now = AT_NOON};
    struct error err = {0}, missing = {0}, other = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(ca_init(scratch.fd, &plan, &err));
    load(&ca, &scratch);
    CU_ASSERT_FATAL(ca_renew(scratch.fd, &renewal, &err));
    load(&again, &scratch);
    CU_ASSERT_EQUAL(again.chain.n, 2);
    CU_ASSERT(span_equal(chain_leaf(&again.chain)->spki, chain_leaf(&ca.chain)->spki));
    CU_ASSERT(cert_is_signed_by(chain_leaf(&again.chain), chain_root(&again.chain)));
    CU_ASSERT(cert_is_signed_by(chain_leaf(&ca.chain), chain_root(&again.chain)));
    CU_ASSERT_FATAL(scratch_shell(&scratch, "rm ca/root-key.pem"));
    CU_ASSERT_FALSE(ca_renew(scratch.fd, &renewal, &missing));
    CU_ASSERT_EQUAL(missing.msg, E_CA_ROOT_KEY);
    renewal.root_key = &ca.key; /* of the intermediate */
    CU_ASSERT_FALSE(ca_renew(scratch.fd, &renewal, &other));
    CU_ASSERT_EQUAL(other.msg, E_CA_ROOT_KEY);
}

static void a_ca_made_elsewhere_is_taken(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0}, other = {0};
    scoped(ca_clear) struct ca ca = {0};
    struct error err = {0}, key = {0}, again = {0}, late = {0};

    scratch_make(&scratch);
    root_make(&root, "Site CA");
    root_make(&other, "Other");
    CU_ASSERT_FALSE(
        ca_import(scratch.fd, &root.ca.chain, &other.ca.key, false, AT_NOON, &key));
    CU_ASSERT_EQUAL(key.msg, E_IDENTITY_KEY);
    CU_ASSERT_FALSE(ca_import(scratch.fd, &root.ca.chain, &root.ca.key, false,
                              AT_NOON + (time_t)86400 * 9000, &late));
    CU_ASSERT_EQUAL(late.msg, E_CA_ENDED);
    CU_ASSERT_FATAL(
        ca_import(scratch.fd, &root.ca.chain, &root.ca.key, false, AT_NOON, &err));
    CU_ASSERT_FALSE(
        ca_import(scratch.fd, &other.ca.chain, &other.ca.key, false, AT_NOON, &again));
    CU_ASSERT_EQUAL(again.msg, E_CA_EXISTS);
    CU_ASSERT(ca_import(scratch.fd, &other.ca.chain, &other.ca.key, true, AT_NOON, &err));
    load(&ca, &scratch);
    CU_ASSERT_STRING_EQUAL(chain_root(&ca.chain)->cn, "Other");
}

static void what_cannot_issue_is_no_ca(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain leaf = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(ca_self_sign(&leaf, &key, "node.example.com", AT_NOON, &err));
    CU_ASSERT_FALSE(ca_import(scratch.fd, &leaf, &key, false, AT_NOON, &err));
    CU_ASSERT_EQUAL(err.msg, E_CA_CERTIFICATE);
    CU_ASSERT_FALSE(scratch_has(&scratch, "ca"));
}

static void one_certificate_is_for_one_machine(void)
{
    static const struct {
        const char *one, *two;
        bool same;
    } cases[] = {
        {"a.example.com", "A.EXAMPLE.com", true},
        {"a.example.com", "a", true},
        {"a", "a.example.com", true},
        {"a.example.com", "b.example.com", false},
        {"a.example.com", "a.example.org", false},
        {"a.example.com", "ab", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(buf_clear) struct buf san = buf_upto(1024);
        struct error err = {0};

        CU_ASSERT_FATAL(csr_add_general_name(&san, cases[i].one, &err));
        CU_ASSERT_FATAL(csr_add_general_name(&san, cases[i].two, &err));
        CU_ASSERT_EQUAL(ca_names_one_machine(buf_span(&san), &err), cases[i].same);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_same_key_keeps_name_and_key),
        TEST(a_new_key_has_a_name_of_its_own),
        TEST(what_issues_stays_below_the_renewed_root),
        TEST(a_ca_made_elsewhere_is_taken),
        TEST(what_cannot_issue_is_no_ca),
        TEST(one_certificate_is_for_one_machine),
    };

    return run_tests("ca root", tests, COUNT(tests));
}
