/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/ca.h"
#include "certs/identity.h"
#include "certs/self_sign.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

static enum msg make(const struct scratch *scratch, time_t deadline)
{
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    const struct self_sign wish = {.name = "a.example.com", .days = 30, .now = AT_NOON};
    const struct identity_change change = {
        .reason = "a test", .purpose = "tomcat", .now = AT_NOON, .deadline = deadline};
    const struct identity_parts parts = {
        .key = &key, .chain = &chain, .origin = IDENTITY_SELF_SIGNED};
    unsigned number = 0;
    struct error err = {0};

    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(self_sign(&chain, &key, &wish, &err));
    return identity_make(&number, scratch->fd, &parts, &change, &err) ? E_NONE : err.msg;
}

static struct identity facts(const struct scratch *scratch)
{
    scoped(identity_clear) struct identity now = {0};
    struct identity plain;
    struct error err = {0};

    CU_ASSERT_FATAL(identity_load(&now, scratch->fd, true, &err));
    plain = now;
    plain.key = key_none();
    plain.chain = (struct chain){0};
    return plain;
}

static void a_change_has_an_epoch_a_time_and_a_purpose(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(make(&scratch, 0), E_NONE);
    CU_ASSERT_EQUAL(make(&scratch, 0), E_NONE);
    CU_ASSERT_EQUAL(facts(&scratch).epoch, 2);
    CU_ASSERT_EQUAL(facts(&scratch).made, AT_NOON);
    CU_ASSERT_STRING_EQUAL(facts(&scratch).purpose, "tomcat");
    CU_ASSERT(identity_restore(scratch.fd, 1, &err));
    CU_ASSERT_EQUAL(facts(&scratch).number, 1);
    CU_ASSERT_EQUAL(facts(&scratch).epoch, 3);
}

static struct identity_rollback pending(const struct scratch *scratch)
{
    struct identity_rollback rollback = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(identity_rollback_read(&rollback, scratch->fd, &err));
    return rollback;
}

static void a_change_that_waits_is_confirmed_or_goes_back(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct identity_rollback rollback;
    struct error err = {0}, none = {0};

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(make(&scratch, 0), E_NONE);
    CU_ASSERT_EQUAL(make(&scratch, AT_NOON + 600), E_NONE);
    rollback = pending(&scratch);
    CU_ASSERT(rollback.pending);
    CU_ASSERT_EQUAL(rollback.number, 2);
    CU_ASSERT_EQUAL(rollback.back, 1);
    CU_ASSERT_EQUAL(rollback.deadline, AT_NOON + 600);
    CU_ASSERT_EQUAL(make(&scratch, 0), E_ROLLBACK_PENDING);
    CU_ASSERT(identity_roll_back(scratch.fd, &rollback, AT_NOON + 601, &err));
    CU_ASSERT_EQUAL(facts(&scratch).number, 1);
    CU_ASSERT_FALSE(pending(&scratch).pending);
    CU_ASSERT_FALSE(identity_confirm(scratch.fd, &none));
    CU_ASSERT_EQUAL(none.msg, E_ROLLBACK_NONE);
    CU_ASSERT_EQUAL(make(&scratch, AT_NOON + 600), E_NONE);
    CU_ASSERT(identity_confirm(scratch.fd, &err));
    CU_ASSERT_FALSE(pending(&scratch).pending);
    CU_ASSERT_EQUAL(facts(&scratch).number, 3);
}

static void a_deadline_of_what_never_became_current_counts_for_nothing(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(make(&scratch, 0), E_NONE);
    scratch_write(&scratch, "identity/rollback",
                  "deadline 2020-01-01T00:00:00Z\nidentity 2\nback 1\n");
    CU_ASSERT_FALSE(pending(&scratch).pending);
    CU_ASSERT(identity_sweep(scratch.fd, &err));
    CU_ASSERT_FALSE(scratch_has(&scratch, "identity/rollback"));
}

static void pruning_waits_for_a_handshake(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(identities_clear) struct identities all = {0};
    struct error err = {0}, unseen = {0};
    size_t removed = 9;

    scratch_make(&scratch);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(make(&scratch, 0), E_NONE);
    CU_ASSERT_FALSE(identity_prune(&removed, scratch.fd, 1, &unseen));
    CU_ASSERT_EQUAL(unseen.msg, E_IDENTITY_UNSEEN);
    CU_ASSERT(identity_mark_seen(scratch.fd, 4, AT_NOON, &err));
    CU_ASSERT(identity_mark_seen(scratch.fd, 4, AT_NOON + 9, &err));
    CU_ASSERT_EQUAL(facts(&scratch).seen, AT_NOON);
    CU_ASSERT(identity_prune(&removed, scratch.fd, 1, &err));
    CU_ASSERT_EQUAL(removed, 2);
    CU_ASSERT_FATAL(identities_load(&all, scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(all.n, 2);
    CU_ASSERT_EQUAL(all.item[0].number, 4);
    CU_ASSERT_EQUAL(all.item[1].number, 3);
    CU_ASSERT_EQUAL(make(&scratch, 0), E_NONE);
    CU_ASSERT_EQUAL(facts(&scratch).number, 5);
}

static void a_damaged_backup_is_listed_as_such(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(identities_clear) struct identities all = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(make(&scratch, 0), E_NONE);
    CU_ASSERT_EQUAL(make(&scratch, 0), E_NONE);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "truncate -s 0 identity/1/chain.pem"));
    CU_ASSERT_FATAL(identities_load(&all, scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(all.n, 2);
    CU_ASSERT_EQUAL(all.item[0].chain.n, 1);
    CU_ASSERT_EQUAL(all.item[1].chain.n, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_change_has_an_epoch_a_time_and_a_purpose),
        TEST(a_change_that_waits_is_confirmed_or_goes_back),
        TEST(a_deadline_of_what_never_became_current_counts_for_nothing),
        TEST(pruning_waits_for_a_handshake),
        TEST(a_damaged_backup_is_listed_as_such),
    };

    return run_tests("identity_backups", tests, COUNT(tests));
}
