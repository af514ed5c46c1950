/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/published.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void add(struct published *list, const struct root *root, const char *store)
{
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    bool changed = false;
    struct error err = {0};

    root_entry(&entry, root, store, NULL);
    CU_ASSERT_FATAL(published_add(list, &entry, &renews, &changed, &err));
    CU_ASSERT(changed);
}

static void each_change_has_the_next_number(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0};
    scoped(published_clear) struct published list = {0};
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    bool changed = true;
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    CU_ASSERT_FATAL(published_load_own(&list, scratch.fd, &err));
    add(&list, &root, STORE_ROOTS);
    CU_ASSERT_EQUAL(list.sequence, 1);
    root_entry(&entry, &root, STORE_ROOTS, NULL);
    CU_ASSERT(published_add(&list, &entry, &renews, &changed, &err));
    CU_ASSERT_FALSE(changed);
    CU_ASSERT_EQUAL(list.sequence, 1);
    CU_ASSERT(published_remove(&list, STORE_ROOTS, &root_cert(&root)->sha256, false,
                               AT_NOON, &err));
    CU_ASSERT_EQUAL(list.sequence, 2);
    CU_ASSERT_EQUAL(list.entries.n, 0);
    CU_ASSERT_FALSE(published_remove(&list, STORE_ROOTS, &root_cert(&root)->sha256, false,
                                     AT_NOON, &err));
    CU_ASSERT_EQUAL(err.msg, E_PUBLISHED_NONE);
}

static void a_renewal_with_the_same_key_is_told_apart(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0};
    scoped(published_clear) struct published list = {0};
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    struct digest before;
    bool changed = false;
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    before = root_cert(&root)->sha256;
    CU_ASSERT_FATAL(published_load_own(&list, scratch.fd, &err));
    add(&list, &root, STORE_ROOTS);
    root_renew(&root);
    root_entry(&entry, &root, STORE_ROOTS, NULL);
    CU_ASSERT(published_add(&list, &entry, &renews, &changed, &err));
    CU_ASSERT_PTR_NOT_NULL_FATAL(renews);
    CU_ASSERT(digest_equal(&renews->cert.sha256, &before));
    CU_ASSERT_EQUAL(list.entries.n, 2);
    CU_ASSERT_STRING_EQUAL(list.entries.entry[0].key_id, list.entries.entry[1].key_id);
}

static void a_list_comes_back_as_it_was_written(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0};
    scoped(published_clear) struct published list = {0}, again = {0};
    struct crl crl = {0};
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    root_crl(&crl, &root, AT_NOON);
    CU_ASSERT_FATAL(published_load_own(&list, scratch.fd, &err));
    add(&list, &root, STORE_ROOTS);
    add(&list, &root, "tomcat-trust");
    CU_ASSERT(published_remove(&list, "CAPF-trust", &root_cert(&root)->sha256, true,
                               AT_NOON, &err));
    CU_ASSERT(published_add_crl(&list, &crl, &err));
    CU_ASSERT_FATAL(published_save_own(scratch.fd, &list, &err));
    CU_ASSERT_FATAL(published_load_own(&again, scratch.fd, &err));
    CU_ASSERT_STRING_EQUAL(again.list, list.list);
    CU_ASSERT_EQUAL(again.sequence, 4);
    CU_ASSERT_EQUAL(again.entries.n, 2);
    CU_ASSERT_EQUAL(again.crls.n, 1);
    CU_ASSERT_EQUAL_FATAL(again.removals, 1);
    CU_ASSERT_STRING_EQUAL(again.removal[0].store, "CAPF-trust");
    CU_ASSERT_EQUAL(again.removal[0].at, AT_NOON);
    crl_clear(&crl);
}

static void a_new_list_of_an_issuer_takes_the_place_of_the_old(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(published_clear) struct published list = {0};
    struct crl one = {0}, two = {0};
    struct error err = {0};

    root_make(&root, "Root");
    root_crl(&one, &root, AT_NOON);
    root_crl(&two, &root, AT_NOON + 60);
    CU_ASSERT(published_add_crl(&list, &one, &err));
    CU_ASSERT(published_add_crl(&list, &one, &err));
    CU_ASSERT_EQUAL(list.sequence, 1);
    CU_ASSERT(published_add_crl(&list, &two, &err));
    CU_ASSERT_EQUAL(list.crls.n, 1);
    CU_ASSERT_EQUAL(list.sequence, 2);
    crl_clear(&one);
    crl_clear(&two);
}

#define HEAD "pairgate-published 1\nlist 00112233445566778899aabbccddeeff\nsequence 7\n"

#define PUBLISHER                                                                          \
    "publisher CN=x\nkey "                                                                 \
    "0000000000000000000000000000000000000000000000000000000000000000\n"

static void what_is_no_list_is_refused(void)
{
    static const char *const bad[] = {
        "x",
        "pairgate-published 2\nlist 00112233445566778899aabbccddeeff\nsequence 7\n",
        "pairgate-published 1\nlist 0011\nsequence 7\n",
        "pairgate-published 1\nlist 00112233445566778899AABBCCDDEEFF\nsequence 7\n",
        "pairgate-published 1\nlist 00112233445566778899aabbccddeeff\nsequence -7\n",
        HEAD "publisher CN=x\nkey 00\n",
        HEAD PUBLISHER "issued 2027-02-01T00:00:00Z\nexpires 2027-01-31T23:59:59Z\n",
        HEAD PUBLISHER "issued 2027-02-01T00:00:00Z\n",
        HEAD "removed-everywhere machine 00 2027-01-01T00:00:00Z\n",
        HEAD "removed-everywhere ../../x "
             "0000000000000000000000000000000000000000000000000000000000000000 "
             "2027-01-01T00:00:00Z\n",
        HEAD "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        HEAD "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        HEAD "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        scoped(published_clear) struct published list = {0};
        struct error err = {0};

        CU_ASSERT_FALSE(published_parse(&list, span_text(bad[i]), &err));
        CU_ASSERT(err.msg == E_PUBLISHED_FORM);
    }
}

static void a_leaf_is_no_anchor_in_a_list_either(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(published_clear) struct published list = {0}, again = {0};
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain leaf = {0};
    scoped(entry_clear) struct entry entry = {0};
    scoped(buf_clear) struct buf text = buf_upto(PUBLISHED_BYTES_MAX);
    const struct entry *renews = NULL;
    bool changed = false;
    struct error err = {0};

    root_make(&root, "Root");
    CU_ASSERT_FATAL(published_load_own(&list, root.scratch.fd, &err));
    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(ca_self_sign(&leaf, &key, "node.example.com", AT_NOON, &err));
    CU_ASSERT_FATAL(entry_make(&entry, chain_leaf(&leaf), STORE_ROOTS, NULL, &err));
    CU_ASSERT_FATAL(published_add(&list, &entry, &renews, &changed, &err));
    CU_ASSERT_FATAL(published_print(&text, &list, &err));
    CU_ASSERT_FALSE(published_parse(&again, buf_span(&text), &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_NO_CA);
}

static void all_lists_are_found(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0};
    scoped(published_clear) struct published own = {0}, adopted = {0};
    scoped(published_lists_clear) struct published_lists lists = {0}, left = {0};
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    CU_ASSERT_FATAL(published_load_own(&own, scratch.fd, &err));
    CU_ASSERT_FATAL(published_save_own(scratch.fd, &own, &err));
    CU_ASSERT_FATAL(published_parse(
        &adopted,
        span_text(HEAD PUBLISHER
                  "issued 2027-01-01T00:00:00Z\nexpires 2027-02-01T00:00:00Z\n"),
        &err));
    add(&adopted, &root, STORE_ROOTS);
    CU_ASSERT_FATAL(published_keep(scratch.fd, &adopted, &err));
    CU_ASSERT_FATAL(published_load_all(&lists, scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(lists.n, 2);
    CU_ASSERT_STRING_EQUAL(lists.list[1].publisher, "CN=x");
    CU_ASSERT_PTR_NOT_NULL(
        published_find_any(&lists, STORE_ROOTS, &root_cert(&root)->sha256));
    CU_ASSERT_PTR_NULL(published_find_any(&lists, "machine", &root_cert(&root)->sha256));
    CU_ASSERT(published_forget(scratch.fd, adopted.list, &err));
    CU_ASSERT(published_load_all(&left, scratch.fd, &err));
    CU_ASSERT_EQUAL(left.n, 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_change_has_the_next_number),
        TEST(a_renewal_with_the_same_key_is_told_apart),
        TEST(a_list_comes_back_as_it_was_written),
        TEST(a_new_list_of_an_issuer_takes_the_place_of_the_old),
        TEST(what_is_no_list_is_refused),
        TEST(a_leaf_is_no_anchor_in_a_list_either),
        TEST(all_lists_are_found),
    };

    return run_tests("published", tests, COUNT(tests));
}
