/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/ca.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "tests/support/cases.h"
#include "tests/support/family.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <sys/stat.h>

static void self_sign(struct key *key, struct chain *chain)
{
    struct error err = {0};

    CU_ASSERT_FATAL(key_make(key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(ca_self_sign(chain, key, "node.example.com", AT_NOON, &err));
}

/* Install a fresh self-signed identity; gives its number. */
static unsigned install(const struct scratch *scratch, enum identity_origin origin)
{
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    unsigned number = 0;
    struct error err = {0};

    self_sign(&key, &chain);
    CU_ASSERT_FATAL(
        identity_install(&number, scratch->fd, &key, &chain, origin, "a test", &err));
    return number;
}

static unsigned current(const struct scratch *scratch)
{
    scoped(identity_clear) struct identity identity = {0};
    struct error err = {0};

    return identity_load(&identity, scratch->fd, true, &err) ? identity.number : 0;
}

static void what_was_installed_is_loaded(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    scoped(identity_clear) struct identity with = {0}, without = {0};
    unsigned number = 0;
    struct error err = {0};

    scratch_make(&scratch);
    self_sign(&key, &chain);
    CU_ASSERT_FATAL(identity_install(&number, scratch.fd, &key, &chain,
                                     IDENTITY_SELF_SIGNED, "init", &err));
    CU_ASSERT_FATAL(identity_load(&with, scratch.fd, true, &err));
    CU_ASSERT_EQUAL(with.number, 1);
    CU_ASSERT_EQUAL(with.previous, 0);
    CU_ASSERT_EQUAL(with.origin, IDENTITY_SELF_SIGNED);
    CU_ASSERT_STRING_EQUAL(with.reason, "init");
    CU_ASSERT(span_equal(buf_span(&with.key.der), buf_span(&key.der)));
    CU_ASSERT_FATAL(identity_load(&without, scratch.fd, false, &err));
    CU_ASSERT_EQUAL(without.key.der.n, 0);
    CU_ASSERT(span_equal(buf_span(&without.key.spki), buf_span(&key.spki)));
}

static void a_key_that_others_can_read_is_refused(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(identity_clear) struct identity identity = {0};
    struct stat st;
    struct error err = {0};

    scratch_make(&scratch);
    install(&scratch, IDENTITY_SELF_SIGNED);
    CU_ASSERT_FATAL(fstatat(scratch.fd, "identity/1/key.pem", &st, 0) == 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CU_ASSERT_FATAL(fchmodat(scratch.fd, "identity/1/key.pem", 0640, 0) == 0);
    CU_ASSERT_FALSE(identity_load(&identity, scratch.fd, true, &err));
    CU_ASSERT_EQUAL(err.msg, E_SECRET_OPEN);
}

static void undo_goes_back_step_by_step(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct error err = {0};

    scratch_make(&scratch);
    for (unsigned n = 1; n <= 3; n++)
        CU_ASSERT_EQUAL(install(&scratch, IDENTITY_SELF_SIGNED), n);
    CU_ASSERT(identity_restore(scratch.fd, 0, &err));
    CU_ASSERT_EQUAL(current(&scratch), 2);
    CU_ASSERT(identity_restore(scratch.fd, 0, &err));
    CU_ASSERT_EQUAL(current(&scratch), 1);
    CU_ASSERT_FALSE(identity_restore(scratch.fd, 0, &err));
    CU_ASSERT_EQUAL(err.msg, E_IDENTITY_FIRST);
}

static void an_undone_identity_is_not_written_over(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct error err = {0};

    scratch_make(&scratch);
    install(&scratch, IDENTITY_SELF_SIGNED);
    install(&scratch, IDENTITY_SELF_SIGNED);
    CU_ASSERT_FATAL(identity_restore(scratch.fd, 0, &err));
    CU_ASSERT_EQUAL(install(&scratch, IDENTITY_SELF_SIGNED), 3);
    CU_ASSERT_FATAL(identity_restore(scratch.fd, 0, &err));
    CU_ASSERT_EQUAL(current(&scratch), 1);
    CU_ASSERT(identity_restore(scratch.fd, 2, &err));
    CU_ASSERT_EQUAL(current(&scratch), 2);
}

static void another_key_is_refused(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = key_none(), other = key_none();
    scoped(chain_clear) struct chain chain = {0};
    unsigned number = 0;
    struct error err = {0};

    scratch_make(&scratch);
    self_sign(&key, &chain);
    CU_ASSERT_FATAL(key_make(&other, KEY_CHOICE_EC, &err));
    CU_ASSERT_FALSE(identity_install(&number, scratch.fd, &other, &chain,
                                     IDENTITY_SELF_SIGNED, "init", &err));
    CU_ASSERT_EQUAL(err.msg, E_IDENTITY_KEY);
    CU_ASSERT_FALSE(scratch_has(&scratch, "identity"));
}

/* Two leaves over one ladder: whole on disk, each with its key and the other's word. */
static void two_leaves_are_one_identity(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(family_clear) struct family family = {0};
    scoped(key_clear) struct key key = key_none(), client_key = key_none();
    scoped(chain_clear) struct chain chain = {0}, client = {0};
    scoped(identity_clear) struct identity with = {0}, without = {0};
    scoped(report_clear) struct report report = {0};
    const struct identity_parts parts = {&key, &chain, &client_key, &client,
                                         IDENTITY_CHAIN};
    const struct identity_change change = {.reason = "a test"};
    struct leaves leaves;
    unsigned number = 0;
    struct error err = {0};

    scratch_make(&scratch);
    family_make(&family, KEY_CHOICE_EC, 3);
    leaf_make(&key, &chain, &family, KEY_CHOICE_EC, "a", EKU_SERVER_AUTH);
    leaf_make(&client_key, &client, &family, KEY_CHOICE_EC, "a", EKU_CLIENT_AUTH);
    CU_ASSERT_FATAL(identity_make(&number, scratch.fd, &parts, &change, &err));
    CU_ASSERT_FATAL(identity_load(&with, scratch.fd, true, &err));
    CU_ASSERT_FATAL(identity_load(&without, scratch.fd, false, &err));
    CU_ASSERT(identity_is_split(&with) && identity_is_split(&without));
    CU_ASSERT(span_equal(buf_span(&identity_key(&with, LEAF_CLIENT)->der),
                         buf_span(&client_key.der)));
    CU_ASSERT(
        span_equal(buf_span(&identity_key(&with, LEAF_SERVER)->der), buf_span(&key.der)));
    CU_ASSERT_EQUAL(without.client_key.der.n, 0);
    leaves = identity_leaves(&without);
    leaves_judge(&leaves, POLICY_DEFAULT, OCCASION_OWN, &report);
    CU_ASSERT_EQUAL(report.n, 0);
    CU_ASSERT(digest_equal(&chain_leaf(leaves.client)->sha256, &client.cert[0].sha256));
}

static void another_key_of_the_client_leaf_is_refused(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(family_clear) struct family family = {0};
    scoped(key_clear) struct key key = key_none(), client_key = key_none();
    scoped(chain_clear) struct chain chain = {0}, client = {0};
    scoped(identity_clear) struct identity identity = {0};
    struct identity_parts parts = {&key, &chain, &key, &client, IDENTITY_CHAIN};
    const struct identity_change change = {.reason = "a test"};
    unsigned number = 0;
    struct error err = {0}, broken = {0};

    scratch_make(&scratch);
    family_make(&family, KEY_CHOICE_EC, 3);
    leaf_make(&key, &chain, &family, KEY_CHOICE_EC, "a", EKU_SERVER_AUTH);
    leaf_make(&client_key, &client, &family, KEY_CHOICE_EC, "a", EKU_CLIENT_AUTH);
    CU_ASSERT_FALSE(identity_make(&number, scratch.fd, &parts, &change, &err));
    CU_ASSERT_EQUAL(err.msg, E_IDENTITY_KEY);
    CU_ASSERT_FALSE(scratch_has(&scratch, "identity"));
    err = (struct error){0};
    parts.client_key = &client_key;
    CU_ASSERT_FATAL(identity_make(&number, scratch.fd, &parts, &change, &err));
    CU_ASSERT_FATAL(
        scratch_shell(&scratch, "cp identity/1/key.pem identity/1/client-key.pem"));
    CU_ASSERT_FALSE(identity_load(&identity, scratch.fd, true, &broken));
    CU_ASSERT_EQUAL(broken.msg, E_IDENTITY_BROKEN);
}

static void what_a_killed_installation_left_is_swept_up(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    install(&scratch, IDENTITY_SELF_SIGNED);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mkdir identity/2.new identity/2 && "
                                            "touch identity/2.new/key.pem && "
                                            "ln -s 2 identity/current.new"));
    CU_ASSERT_EQUAL(current(&scratch), 1);
    CU_ASSERT_EQUAL(install(&scratch, IDENTITY_SELF_SIGNED), 3);
    CU_ASSERT_FALSE(scratch_has(&scratch, "identity/2.new"));
    CU_ASSERT_FALSE(scratch_has(&scratch, "identity/current.new"));
}

static void damage_is_named_and_undo_leads_out(void)
{
    static const char *const cases[] = {
        "truncate -s 0 identity/2/chain.pem", "truncate -s 0 identity/2/key.pem",
        "rm identity/2/key.pem", "cp identity/1/key.pem identity/2/key.pem"};

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(scratch_clear) struct scratch scratch = {0};
        scoped(identity_clear) struct identity identity = {0};
        struct error err = {0}, none = {0};

        scratch_make(&scratch);
        install(&scratch, IDENTITY_SELF_SIGNED);
        install(&scratch, IDENTITY_SELF_SIGNED);
        CU_ASSERT_FATAL(scratch_shell(&scratch, cases[i]));
        CU_ASSERT_FALSE(identity_load(&identity, scratch.fd, true, &err));
        CU_ASSERT_EQUAL(err.msg, E_IDENTITY_BROKEN);
        CU_ASSERT(identity_restore(scratch.fd, 0, &none));
        CU_ASSERT_EQUAL(current(&scratch), 1);
    }
}

static void a_damaged_one_is_not_restored(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct error err = {0};

    scratch_make(&scratch);
    install(&scratch, IDENTITY_SELF_SIGNED);
    install(&scratch, IDENTITY_SELF_SIGNED);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "truncate -s 0 identity/1/key.pem"));
    CU_ASSERT_FALSE(identity_restore(scratch.fd, 0, &err));
    CU_ASSERT_EQUAL(current(&scratch), 2);
}

static void an_empty_state_has_none(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(identity_clear) struct identity identity = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FALSE(identity_load(&identity, scratch.fd, false, &err));
    CU_ASSERT_EQUAL(err.msg, E_IDENTITY_MISSING);
}

static void the_anchor_comes_and_goes_with_the_chain(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(trust_clear) struct trust none = {0}, one = {0}, again = {0};
    struct error err = {0};

    scratch_make(&scratch);
    install(&scratch, IDENTITY_SELF_SIGNED);
    CU_ASSERT(trust_load(&none, scratch.fd, &err));
    CU_ASSERT_EQUAL(none.anchors.n, 0);
    install(&scratch, IDENTITY_CHAIN);
    CU_ASSERT(trust_load(&one, scratch.fd, &err));
    CU_ASSERT_EQUAL(one.anchors.n, 1);
    CU_ASSERT_EQUAL(one.imported, 0);
    CU_ASSERT_FATAL(identity_restore(scratch.fd, 0, &err));
    CU_ASSERT(trust_load(&again, scratch.fd, &err));
    CU_ASSERT_EQUAL(again.anchors.n, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_installed_is_loaded),
        TEST(a_key_that_others_can_read_is_refused),
        TEST(undo_goes_back_step_by_step),
        TEST(an_undone_identity_is_not_written_over),
        TEST(another_key_is_refused),
        TEST(two_leaves_are_one_identity),
        TEST(another_key_of_the_client_leaf_is_refused),
        TEST(what_a_killed_installation_left_is_swept_up),
        TEST(damage_is_named_and_undo_leads_out),
        TEST(a_damaged_one_is_not_restored),
        TEST(an_empty_state_has_none),
        TEST(the_anchor_comes_and_goes_with_the_chain),
    };

    return run_tests("identity", tests, COUNT(tests));
}
