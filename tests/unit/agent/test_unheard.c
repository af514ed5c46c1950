/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers that were lost: what was given is given again, and does not stay for ever. */
#include "agent/unheard.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/worker.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define LATER (NOON + GRANT_SECONDS + UNHEARD_KEEP_SECONDS)

/* A fresh code, proven by this key. */
static void prove_new(struct fixture *f, uint64_t connection, char key,
                      struct authority_answer *answer)
{
    struct code code = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(invitation_make(&code, &f->state.db, "", NOON, NOON + 60, &err));
    CU_ASSERT_EQUAL_FATAL(prove(f, &code, connection, key, 'e', answer), E_NONE);
}

/* A request of the transfer by this key. */
static enum msg request(struct fixture *f, const char *migration, char key)
{
    struct grant grant = {0};
    struct digest client;
    struct error err = {0};

    memset(&client, key, sizeof(client));
    CU_ASSERT_EQUAL(authority_grant_of(&f->authority, migration, &client, &grant, &err),
                    err.msg == E_NONE);
    return err.msg;
}

static void what_nobody_heard_of_is_given_again(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer lost, again, other, next;

    prove_new(f, 1, 'k', &lost);
    prove_new(f, 2, 'l', &other);
    prove_new(f, 3, 'k', &again);
    CU_ASSERT_STRING_NOT_EQUAL(other.grant.migration, lost.grant.migration);
    CU_ASSERT_STRING_EQUAL(again.grant.migration, lost.grant.migration);
    CU_ASSERT_STRING_NOT_EQUAL(again.grant.id, lost.grant.id);
    CU_ASSERT_EQUAL(request(f, again.grant.migration, 'k'), E_NONE);
    prove_new(f, 4, 'k', &next);
    CU_ASSERT_STRING_NOT_EQUAL(next.grant.migration, again.grant.migration);
}

/* Only for what would be the same migration. */
static void another_name_directory_or_digest_is_another_migration(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct migration_facts facts = {
        .name = "data", .directory = "/srv", .kind = DIGEST_BLAKE3};
    struct authority_answer lost;
    char found[MIGRATION_ID_MAX];
    struct error err = {0};
    struct digest key;

    memset(&key, 'k', sizeof(key));
    prove_new(f, 1, 'k', &lost);
    CU_ASSERT(unheard_find(found, &f->state.db, &key, &facts, NOON, &err));
    CU_ASSERT_STRING_EQUAL(found, lost.grant.migration);
    CU_ASSERT(unheard_find(found, &f->state.db, &key, &facts, NOON + GRANT_SECONDS, &err));
    CU_ASSERT_STRING_EQUAL(found, "");
    facts.kind = DIGEST_SHA256;
    CU_ASSERT(unheard_find(found, &f->state.db, &key, &facts, NOON, &err));
    CU_ASSERT_STRING_EQUAL(found, "");
    facts.kind = DIGEST_BLAKE3;
    (void)text_fits(facts.directory, "/elsewhere");
    CU_ASSERT(unheard_find(found, &f->state.db, &key, &facts, NOON, &err));
    CU_ASSERT_STRING_EQUAL(found, "");
}

static void what_was_never_begun_goes_when_its_time_is_over(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer lost, begun;
    struct handover handover = {0};
    struct error err = {0}, gone = {0};

    prove_new(f, 1, 'k', &lost);
    prove_new(f, 2, 'l', &begun);
    CU_ASSERT_EQUAL(request(f, begun.grant.migration, 'l'), E_NONE);
    CU_ASSERT(unheard_sweep(&f->office, LATER - 1, &err));
    CU_ASSERT(handover_load(&handover, &f->state.db, lost.grant.migration, &err));
    CU_ASSERT(unheard_sweep(&f->office, LATER, &err));
    CU_ASSERT_FALSE(handover_load(&handover, &f->state.db, lost.grant.migration, &gone));
    CU_ASSERT_EQUAL(gone.msg, E_MIGRATION_UNKNOWN);
    CU_ASSERT(handover_load(&handover, &f->state.db, begun.grant.migration, &err));
    CU_ASSERT_EQUAL(request(f, lost.grant.migration, 'k'), E_NOT_PAIRED);
}

/* Neither is there without the other. */
static void nothing_goes_without_a_record(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    scoped(query_end) struct query full = {0};
    struct authority_answer lost;
    struct handover handover = {0};
    struct error err = {0};

    prove_new(f, 1, 'k', &lost);
    CU_ASSERT_FATAL(query_begin(&full, &f->state.db,
                                "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN"
                                " SELECT RAISE(ABORT, 'full'); END",
                                &err));
    CU_ASSERT_FATAL(query_run(&full, NULL, &err));
    CU_ASSERT_FALSE(unheard_sweep(&f->office, LATER, &err));
    CU_ASSERT_EQUAL(err.msg, E_DB);
    err = (struct error){0};
    CU_ASSERT(handover_load(&handover, &f->state.db, lost.grant.migration, &err));
}

static void what_was_revoked_is_not_given_again(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make(true);
    struct authority_answer lost, again;
    struct error err = {0};

    prove_new(f, 1, 'k', &lost);
    CU_ASSERT_FATAL(grant_revoke_all(&f->state.db, lost.grant.migration, &err));
    prove_new(f, 2, 'k', &again);
    CU_ASSERT_STRING_NOT_EQUAL(again.grant.migration, lost.grant.migration);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_nobody_heard_of_is_given_again),
        TEST(another_name_directory_or_digest_is_another_migration),
        TEST(what_was_never_begun_goes_when_its_time_is_over),
        TEST(nothing_goes_without_a_record),
        TEST(what_was_revoked_is_not_given_again),
    };

    return run_tests("unheard", tests, COUNT(tests));
}
