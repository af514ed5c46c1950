/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Administrators: what is kept of a password, names that nobody has, what guesses cost. */
#include "base/text.h"
#include "pairing/admin.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define NOON 1813060800
#define GOOD "correct horse battery"

/* Prove a password to what is kept of this name; each end has its own exporter value. */
static enum msg prove(struct db *db, const char *name, const char *password,
                      const char exporters[2])
{
    scoped(scram_free) struct scram *source = NULL;
    scoped(scram_free) struct scram *target = NULL;
    unsigned char exporter[TLS_EXPORTER_BYTES];
    char there[SCRAM_TEXT_MAX] = "", back[SCRAM_TEXT_MAX] = "";
    struct tls_facts facts = {0};
    struct verifier verifier;
    struct digest mark;
    struct error err = {0};
    bool source_done = false, target_done = false;

    memset(facts.exporter, exporters[0], sizeof(facts.exporter));
    memset(exporter, exporters[1], sizeof(exporter));
    CU_ASSERT_FATAL(admin_verifier(&verifier, &mark, db, name, &err));
    CU_ASSERT_FATAL(scram_client_of(&source, name, password, &facts, &err));
    CU_ASSERT_FATAL(scram_server_of(&target, &verifier, exporter, &err));
    while (!source_done) {
        if (!scram_step(source, back, there, &source_done, &err))
            return err.msg;
        CU_ASSERT_PTR_NULL(strstr(there, password));
        if (!source_done && !scram_step(target, there, back, &target_done, &err))
            return err.msg;
    }
    CU_ASSERT(target_done);
    return E_NONE;
}

static enum msg add(struct db *db, const char *name, const char *password)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(admin_add(db, name, password, ADMIN_FULL, NOON, &err),
                    err.msg == E_NONE);
    return err.msg;
}

static void the_right_password_is_proven(void)
{
    scoped(state_db_clear) struct state_db state;

    state_db_make(&state);
    CU_ASSERT_EQUAL(add(&state.db, "root", GOOD), E_NONE);
    CU_ASSERT_EQUAL(prove(&state.db, "root", GOOD, "ee"), E_NONE);
    CU_ASSERT_EQUAL(prove(&state.db, "root", "correct horse cattery", "ee"), E_SCRAM);
    CU_ASSERT_EQUAL(prove(&state.db, "nobody", GOOD, "ee"), E_SCRAM);
}

/* Whoever relays the messages between two connections relays a proof for the wrong one. */
static void a_relayed_proof_fails(void)
{
    scoped(state_db_clear) struct state_db state;

    state_db_make(&state);
    CU_ASSERT_EQUAL(add(&state.db, "root", GOOD), E_NONE);
    CU_ASSERT_EQUAL(prove(&state.db, "root", GOOD, "ef"), E_SCRAM);
}

/* Composed or decomposed, it is the same password (RFC 4013). */
static void letters_beyond_ascii_are_prepared(void)
{
    scoped(state_db_clear) struct state_db state;

    state_db_make(&state);
    CU_ASSERT_EQUAL(add(&state.db, "vera",
                        "K\xc3\xb6lner Stra\xc3\x9f"
                        "e 12"),
                    E_NONE);
    CU_ASSERT_EQUAL(prove(&state.db, "vera",
                          "Ko\xcc\x88lner Stra\xc3\x9f"
                          "e 12",
                          "ee"),
                    E_NONE);
}

static void names_and_passwords_have_a_form(void)
{
    scoped(state_db_clear) struct state_db state;

    state_db_make(&state);
    CU_ASSERT_EQUAL(add(&state.db, "", GOOD), E_ADMIN_NAME);
    CU_ASSERT_EQUAL(add(&state.db, "Root", GOOD), E_ADMIN_NAME);
    CU_ASSERT_EQUAL(add(&state.db, "9lives", GOOD), E_ADMIN_NAME);
    CU_ASSERT_EQUAL(add(&state.db, "a,n=b", GOOD), E_ADMIN_NAME);
    CU_ASSERT_EQUAL(add(&state.db, "a23456789012345678901234567890123", GOOD),
                    E_ADMIN_NAME);
    CU_ASSERT_EQUAL(add(&state.db, "root", "nine char"), E_PASSWORD_FORM);
    CU_ASSERT_EQUAL(add(&state.db, "root", "\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6"),
                    E_PASSWORD_FORM);
    CU_ASSERT_EQUAL(add(&state.db, "root", "tab\tin the middle"), E_PASSWORD_FORM);
    CU_ASSERT_EQUAL(add(&state.db, "root", "not \xff utf-8 at all"), E_PASSWORD_FORM);
    CU_ASSERT_EQUAL(add(&state.db, "root", GOOD), E_NONE);
    CU_ASSERT_EQUAL(add(&state.db, "root", GOOD), E_ADMIN_EXISTS);
}

static void a_name_is_judged_before_its_password(void)
{
    scoped(state_db_clear) struct state_db state;
    struct error name = {0}, taken = {0}, unknown = {0}, err = {0};

    state_db_make(&state);
    CU_ASSERT_FALSE(admin_may_set(&state.db, "Root", true, &name));
    CU_ASSERT_EQUAL(name.msg, E_ADMIN_NAME);
    CU_ASSERT(admin_may_set(&state.db, "root", true, &err));
    CU_ASSERT_FALSE(admin_may_set(&state.db, "root", false, &unknown));
    CU_ASSERT_EQUAL(unknown.msg, E_ADMIN_UNKNOWN);
    CU_ASSERT_EQUAL(add(&state.db, "root", GOOD), E_NONE);
    CU_ASSERT_FALSE(admin_may_set(&state.db, "root", true, &taken));
    CU_ASSERT_EQUAL(taken.msg, E_ADMIN_EXISTS);
    CU_ASSERT(admin_may_set(&state.db, "root", false, &err));
}

static void a_changed_password_replaces_the_old_one(void)
{
    scoped(state_db_clear) struct state_db state;
    struct error err = {0};
    struct admin admin;

    state_db_make(&state);
    CU_ASSERT_EQUAL(add(&state.db, "root", GOOD), E_NONE);
    CU_ASSERT(admin_change(&state.db, "root", "another password", NOON + 60, &err));
    CU_ASSERT_EQUAL(prove(&state.db, "root", GOOD, "ee"), E_SCRAM);
    CU_ASSERT_EQUAL(prove(&state.db, "root", "another password", "ee"), E_NONE);
    CU_ASSERT(admin_load(&admin, &state.db, "root", &err));
    CU_ASSERT_EQUAL(admin.created, NOON);
    CU_ASSERT_EQUAL(admin.changed, NOON + 60);
    CU_ASSERT_FALSE(admin_change(&state.db, "nobody", GOOD, NOON, &err));
    CU_ASSERT_EQUAL(err.msg, E_ADMIN_UNKNOWN);
}

static void a_removed_administrator_is_like_nobody(void)
{
    scoped(state_db_clear) struct state_db state;
    struct error err = {0}, again = {0}, load = {0};
    struct admin admin;

    state_db_make(&state);
    CU_ASSERT_EQUAL(add(&state.db, "root", GOOD), E_NONE);
    CU_ASSERT(admin_remove(&state.db, "root", &err));
    CU_ASSERT_EQUAL(prove(&state.db, "root", GOOD, "ee"), E_SCRAM);
    CU_ASSERT_FALSE(admin_remove(&state.db, "root", &again));
    CU_ASSERT_EQUAL(again.msg, E_ADMIN_UNKNOWN);
    CU_ASSERT_FALSE(admin_load(&admin, &state.db, "root", &load));
}

/* The same every time, another for every name and every state directory, of the same work
 * as a real one. */
static void a_name_that_nobody_has_keeps_its_salt(void)
{
    scoped(state_db_clear) struct state_db state, elsewhere;
    struct verifier first, again, other, there, real;
    struct digest mark, same, another;
    struct error err = {0};

    state_db_make(&state);
    state_db_make(&elsewhere);
    CU_ASSERT_EQUAL(add(&state.db, "root", GOOD), E_NONE);
    CU_ASSERT(admin_verifier(&first, &mark, &state.db, "nobody", &err));
    CU_ASSERT(admin_verifier(&again, &same, &state.db, "nobody", &err));
    CU_ASSERT(admin_verifier(&other, &another, &state.db, "somebody", &err));
    CU_ASSERT(admin_verifier(&there, &another, &elsewhere.db, "nobody", &err));
    CU_ASSERT(admin_verifier(&real, &another, &state.db, "root", &err));
    CU_ASSERT_EQUAL(memcmp(&first, &again, sizeof(first)), 0);
    CU_ASSERT(digest_equal(&mark, &same));
    CU_ASSERT_NOT_EQUAL(memcmp(first.salt, other.salt, sizeof(first.salt)), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(first.salt, there.salt, sizeof(first.salt)), 0);
    CU_ASSERT_EQUAL(first.iterations, real.iterations);
    CU_ASSERT(real.iterations >= 100000);
}

static void guesses_slow_a_name_down_and_never_for_long(void)
{
    static const unsigned expected[] = {0, 0, 0, 1, 2, 4, 8, 8, 8, 8};
    struct slowdown slow = {0};
    const struct digest mark = {{7}}, other = {{8}};

    for (size_t i = 0; i < COUNT(expected); i++) {
        CU_ASSERT_EQUAL(slowdown_seconds(&slow, &mark, NOON), expected[i]);
        slowdown_count(&slow, &mark, NOON);
    }
    CU_ASSERT_EQUAL(slowdown_seconds(&slow, &other, NOON), 0);
    CU_ASSERT_EQUAL(slowdown_seconds(&slow, &mark, NOON + SLOW_FORGET_SECONDS), 8);
    CU_ASSERT_EQUAL(slowdown_seconds(&slow, &mark, NOON + SLOW_FORGET_SECONDS + 1), 0);
    slowdown_count(&slow, &mark, NOON + SLOW_FORGET_SECONDS + 1);
    CU_ASSERT_EQUAL(slowdown_seconds(&slow, &mark, NOON + SLOW_FORGET_SECONDS + 1), 0);
}

static void the_right_password_ends_the_slowness(void)
{
    struct slowdown slow = {0};
    const struct digest mark = {{7}};

    for (int i = 0; i < 9; i++)
        slowdown_count(&slow, &mark, NOON);
    slowdown_forget(&slow, &mark);
    CU_ASSERT_EQUAL(slowdown_seconds(&slow, &mark, NOON), 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_right_password_is_proven),
        TEST(a_relayed_proof_fails),
        TEST(letters_beyond_ascii_are_prepared),
        TEST(names_and_passwords_have_a_form),
        TEST(a_name_is_judged_before_its_password),
        TEST(a_changed_password_replaces_the_old_one),
        TEST(a_removed_administrator_is_like_nobody),
        TEST(a_name_that_nobody_has_keeps_its_salt),
        TEST(guesses_slow_a_name_down_and_never_for_long),
        TEST(the_right_password_ends_the_slowness),
    };

    return run_tests("admin", tests, COUNT(tests));
}
