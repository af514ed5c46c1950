/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/tomb.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define DAY ((time_t)86400)

static void put(const struct scratch *scratch, const struct entry *entry)
{
    struct error err = {0};

    CU_ASSERT_FATAL(store_put(scratch->fd, entry, &err));
}

static size_t held(const struct scratch *scratch, const char *store)
{
    scoped(store_clear) struct store all = {0};
    struct error err = {0};

    CU_ASSERT(store_load(&all, scratch->fd, store, &err));
    return all.n;
}

static void an_entry_comes_back_as_it_was_put(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0};
    scoped(entry_clear) struct entry entry = {0};
    scoped(store_clear) struct store store = {0};
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    root_entry(&entry, &root, "machine", "custom-ca");
    entry.automatic = true;
    put(&scratch, &entry);
    CU_ASSERT_FATAL(store_load(&store, scratch.fd, "machine", &err));
    CU_ASSERT_EQUAL_FATAL(store.n, 1);
    CU_ASSERT_STRING_EQUAL(store.entry[0].alias, "custom-ca");
    CU_ASSERT(store.entry[0].automatic);
    CU_ASSERT_FALSE(store.entry[0].own);
    CU_ASSERT_EQUAL(store.entry[0].added, AT_NOON);
    CU_ASSERT(digest_equal(&store.entry[0].cert.sha256, &root_cert(&root)->sha256));
    CU_ASSERT_EQUAL(held(&scratch, STORE_ROOTS), 0);
}

static void the_alias_is_the_sha1_and_the_id_the_key_identifier(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(entry_clear) struct entry entry = {0};
    char of_spki[SHA1_HEX];

    root_make(&root, "Root");
    root_entry(&entry, &root, STORE_ROOTS, NULL);
    scratch_write(&root.scratch, "alias", entry.alias);
    scratch_write(&root.scratch, "id", entry.key_id);
    CU_ASSERT(scratch_shell(&root.scratch,
                            "test $(cat alias) = $(openssl x509 -in ca/chain.pem -outform "
                            "DER | sha1sum | cut -c 1-40)"));
    CU_ASSERT(scratch_shell(&root.scratch,
                            "test $(cat id) = $(openssl x509 -in ca/chain.pem -noout -ext "
                            "subjectKeyIdentifier | sed -n '2s/[ :]//gp')"));
    entry_key_id_of_spki(of_spki, &entry.cert);
    scratch_write(&root.scratch, "spki", of_spki);
    CU_ASSERT(scratch_shell(&root.scratch,
                            "test $(tr A-F a-f <spki) = $(openssl x509 -in ca/chain.pem "
                            "-noout -pubkey | openssl pkey -pubin -outform DER | sha1sum "
                            "| cut -c 1-40)"));
}

static void an_alias_stands_for_one_certificate(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0}, other = {0};
    scoped(entry_clear) struct entry one = {0}, two = {0};
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    root_make(&other, "Other");
    root_entry(&one, &root, STORE_ROOTS, "alias");
    root_entry(&two, &other, STORE_ROOTS, "alias");
    put(&scratch, &one);
    put(&scratch, &one);
    CU_ASSERT_FALSE(store_put(scratch.fd, &two, &err));
    CU_ASSERT_EQUAL(err.msg, E_ALIAS);
    CU_ASSERT_EQUAL(held(&scratch, STORE_ROOTS), 1);
}

static void an_alias_is_a_plain_word(void)
{
    static const char *const bad[] = {"two words", "-y", "a/b", "\xc3\xa9", "a\nstore x"};
    scoped(root_clear) struct root root = {0};

    root_make(&root, "Root");
    for (size_t i = 0; i < COUNT(bad); i++) {
        scoped(entry_clear) struct entry entry = {0};
        struct error err = {0};

        CU_ASSERT_FALSE(entry_make(&entry, root_cert(&root), STORE_ROOTS, bad[i], &err));
        CU_ASSERT_EQUAL(err.msg, E_ALIAS);
    }
}

static void what_stands_for_two_is_not_guessed(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0}, twin = {0};
    scoped(entry_clear) struct entry one = {0}, two = {0};
    scoped(store_clear) struct store store = {0};
    struct entry *found = NULL;
    struct error ambiguous = {0}, unknown = {0}, unclear = {0}, err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    root_make(&twin, "Root");
    root_entry(&one, &root, STORE_ROOTS, "one");
    root_entry(&two, &twin, STORE_ROOTS, "two");
    put(&scratch, &one);
    put(&scratch, &two);
    CU_ASSERT_FATAL(store_load(&store, scratch.fd, STORE_ROOTS, &err));
    CU_ASSERT_FALSE(store_choose(&found, &store, "Root", &ambiguous));
    CU_ASSERT_EQUAL(ambiguous.msg, E_ANCHOR_ID);
    CU_ASSERT_FALSE(store_choose(&found, &store, "three", &unknown));
    CU_ASSERT_EQUAL(unknown.msg, E_ANCHOR_UNKNOWN);
    CU_ASSERT_FALSE(store_choose(&found, &store, "abcdef", &unclear));
    CU_ASSERT_EQUAL(unclear.msg, E_ANCHOR_ID);
    CU_ASSERT(store_choose(&found, &store, "two", &err));
    CU_ASSERT(store_choose(&found, &store, one.key_id, &err));
    CU_ASSERT_STRING_EQUAL(found->alias, "one");
}

static void stores_are_made_and_near_misses_told(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    char names[STORES_MAX][STORE_NAME_MAX];
    struct store_kind kind = {0};
    struct error err = {0}, near = {0}, system = {0};
    size_t n = 0;

    scratch_make(&scratch);
    CU_ASSERT_FALSE(store_kind_named(&kind, scratch.fd, "MACHINE_SSL_CRT", &near));
    CU_ASSERT(strstr(near.about, "MACHINE_SSL_CERT") != NULL);
    CU_ASSERT(store_create(scratch.fd, "partners", &err));
    CU_ASSERT(store_kind_named(&kind, scratch.fd, "partners", &err));
    CU_ASSERT(store_made(names, &n, scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(n, 1);
    CU_ASSERT_STRING_EQUAL(names[0], "partners");
    CU_ASSERT(store_delete(scratch.fd, "partners", &err));
    CU_ASSERT_FALSE(store_delete(scratch.fd, STORE_ROOTS, &system));
    CU_ASSERT_EQUAL(system.msg, E_STORE_SYSTEM);
}

static void the_scopes_of_capf_trust_differ(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct store_kind kind = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT(store_kind_named(&kind, scratch.fd, "CAPF-trust", &err));
    CU_ASSERT_EQUAL(kind.import, REACH_LOCAL);
    CU_ASSERT_EQUAL(kind.removal, REACH_ALL);
}

static void what_was_removed_comes_back_within_thirty_days(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0};
    scoped(entry_clear) struct entry entry = {0};
    scoped(store_clear) struct store tombs = {0}, late = {0};
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    root_entry(&entry, &root, STORE_ROOTS, "alias");
    entry.automatic = true;
    put(&scratch, &entry);
    CU_ASSERT_FATAL(tomb_lay(scratch.fd, &entry, AT_NOON, &err));
    CU_ASSERT_EQUAL(held(&scratch, STORE_ROOTS), 0);
    CU_ASSERT_FATAL(tombs_load(&tombs, scratch.fd, AT_NOON + 30 * DAY, &err));
    CU_ASSERT_EQUAL_FATAL(tombs.n, 1);
    CU_ASSERT_EQUAL(tombs.entry[0].removed, AT_NOON);
    CU_ASSERT_FATAL(tomb_undo(scratch.fd, &tombs.entry[0], AT_NOON + DAY, &err));
    CU_ASSERT_EQUAL(held(&scratch, STORE_ROOTS), 1);
    CU_ASSERT_FATAL(tomb_lay(scratch.fd, &entry, AT_NOON, &err));
    CU_ASSERT(tombs_load(&late, scratch.fd, AT_NOON + 31 * DAY, &err));
    CU_ASSERT_EQUAL(late.n, 0);
}

static void dropping_what_is_not_there_is_told(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0};
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    CU_ASSERT_FALSE(store_drop(scratch.fd, STORE_ROOTS, &root_cert(&root)->sha256, &err));
    CU_ASSERT_EQUAL(err.msg, E_ANCHOR_UNKNOWN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(an_entry_comes_back_as_it_was_put),
        TEST(the_alias_is_the_sha1_and_the_id_the_key_identifier),
        TEST(an_alias_stands_for_one_certificate),
        TEST(an_alias_is_a_plain_word),
        TEST(what_stands_for_two_is_not_guessed),
        TEST(stores_are_made_and_near_misses_told),
        TEST(the_scopes_of_capf_trust_differ),
        TEST(what_was_removed_comes_back_within_thirty_days),
        TEST(dropping_what_is_not_there_is_told),
    };

    return run_tests("store", tests, COUNT(tests));
}
