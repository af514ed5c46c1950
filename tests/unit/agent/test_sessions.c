/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/bounds.h"
#include "agent/sessions.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define NOON 1800000000
#define PASSWORD "correct horse battery"

static struct state_db state;

static void fresh(void)
{
    struct error err = {0};

    state_db_make(&state);
    CU_ASSERT_FATAL(admin_add(&state.db, "vera", PASSWORD, ADMIN_FULL, NOON - 100, &err));
}

static void done(void)
{
    state_db_clear(&state);
}

static enum msg begin_of(const char *name, struct session *session,
                         char token[SESSION_TOKEN_MAX], time_t now)
{
    struct error err = {0};

    *session = (struct session){.role = ADMIN_FULL};
    (void)text_fits(session->name, name);
    (void)text_fits(session->kind, "API");
    (void)text_fits(session->address, "192.0.2.1");
    (void)!session_begin(session, token, &state.db, now, &err);
    return err.msg;
}

static void begin(struct session *session, char token[SESSION_TOKEN_MAX], time_t now)
{
    CU_ASSERT_EQUAL_FATAL(begin_of("vera", session, token, now), E_NONE);
}

static enum msg find(const char *token, time_t now)
{
    struct session found;
    struct error err = {0};

    (void)!session_find(&found, &state.db, token, now, &err);
    return err.msg;
}

static void a_token_finds_its_session_and_is_kept_nowhere(void)
{
    scoped(query_end) struct query row = {0};
    struct session session, found;
    char token[SESSION_TOKEN_MAX];
    struct error err = {0};

    fresh();
    begin(&session, token, NOON);
    CU_ASSERT_EQUAL(strlen(token), SESSION_TOKEN_MAX - 2);
    CU_ASSERT(session_find(&found, &state.db, token, NOON + 1, &err));
    CU_ASSERT_STRING_EQUAL(found.id, session.id);
    CU_ASSERT_STRING_EQUAL(found.name, "vera");
    CU_ASSERT_EQUAL(found.role, ADMIN_FULL);
    CU_ASSERT_EQUAL(find(session.id, NOON + 1), E_API_LOGIN);
    CU_ASSERT_FATAL(
        query_begin(&row, &state.db, "SELECT length(token) FROM session", &err));
    CU_ASSERT(query_next(&row, &err));
    CU_ASSERT_EQUAL(query_get_int(&row, 0), DIGEST_BYTES);
    query_end(&row);
    done();
}

static void idle_for_too_long_it_is_over(void)
{
    struct session session;
    char token[SESSION_TOKEN_MAX];

    fresh();
    begin(&session, token, NOON);
    CU_ASSERT_EQUAL(find(token, NOON + API_SESSION_IDLE_SECONDS - 1), E_NONE);
    CU_ASSERT_EQUAL(find(token, NOON + 2 * API_SESSION_IDLE_SECONDS - 2), E_NONE);
    CU_ASSERT_EQUAL(find(token, NOON + 3 * API_SESSION_IDLE_SECONDS), E_API_LOGIN);
    done();
}

static void ended_it_is_dead_at_once(void)
{
    struct session session;
    char token[SESSION_TOKEN_MAX];
    struct error err = {0};

    fresh();
    begin(&session, token, NOON);
    CU_ASSERT(session_end(&state.db, session.id, &err));
    CU_ASSERT_EQUAL(find(token, NOON), E_API_LOGIN);
    CU_ASSERT_FALSE(session_end(&state.db, session.id, &err));
    CU_ASSERT_EQUAL(err.msg, E_API_SESSION_UNKNOWN);
    done();
}

static void a_new_password_ends_it_and_so_does_the_end_of_its_user(void)
{
    struct session session;
    char token[SESSION_TOKEN_MAX];
    struct error err = {0};

    fresh();
    begin(&session, token, NOON);
    CU_ASSERT_FATAL(session_end_all(&state.db, "vera", &err)); /* in any second */
    CU_ASSERT_EQUAL(find(token, NOON + 2), E_API_LOGIN);
    begin(&session, token, NOON + 3);
    CU_ASSERT_FATAL(admin_remove(&state.db, "vera", &err));
    CU_ASSERT_EQUAL(find(token, NOON + 4), E_API_LOGIN);
    done();
}

/* No clock says which was first, the session or the password. */
static void a_clock_that_was_put_back_shuts_nobody_out_and_lets_nobody_stay(void)
{
    struct session session;
    char early[SESSION_TOKEN_MAX], ahead[SESSION_TOKEN_MAX];

    fresh();
    begin(&session, ahead, NOON);
    begin(&session, early, NOON - 86400); /* before the password was set, it says */
    CU_ASSERT_EQUAL(find(early, NOON - 86400), E_NONE);
    CU_ASSERT_EQUAL(find(ahead, NOON - 86400), E_API_LOGIN);
    CU_ASSERT_EQUAL(find(early, NOON - 86400 - 60), E_NONE); /* a little is nothing */
    done();
}

static void ahead_of_a_clock_that_was_put_back_it_is_over_for_good(void)
{
    struct session session;
    char token[SESSION_TOKEN_MAX];

    fresh();
    begin(&session, token, NOON);
    CU_ASSERT_EQUAL(find("of nobody", NOON - 86400), E_API_LOGIN);
    CU_ASSERT_EQUAL(find(token, NOON), E_API_LOGIN);
    done();
}

static void a_user_has_a_share_of_them_and_room_again(void)
{
    struct session session;
    char token[SESSION_TOKEN_MAX];
    struct error err = {0};

    fresh();
    CU_ASSERT_FATAL(admin_add(&state.db, "otto", PASSWORD, ADMIN_FULL, NOON - 100, &err));
    for (size_t i = 0; i < API_SESSIONS_EACH; i++)
        begin(&session, token, NOON);
    CU_ASSERT_EQUAL(begin_of("vera", &session, token, NOON), E_API_SESSIONS);
    CU_ASSERT_EQUAL(begin_of("otto", &session, token, NOON), E_NONE);
    begin(&session, token, NOON + API_SESSION_IDLE_SECONDS + 1);
    done();
}

static void there_is_an_end_of_all_of_them(void)
{
    struct session session;
    char token[SESSION_TOKEN_MAX];
    char name[] = "user0";
    struct error err = {0};

    fresh();
    for (size_t i = 0; i < API_SESSIONS_MAX; i++) {
        name[4] = (char)('0' + i / API_SESSIONS_EACH);
        if (i % API_SESSIONS_EACH == 0)
            CU_ASSERT_FATAL(
                admin_add(&state.db, name, PASSWORD, ADMIN_FULL, NOON - 100, &err));
        CU_ASSERT_EQUAL_FATAL(begin_of(name, &session, token, NOON), E_NONE);
    }
    CU_ASSERT_EQUAL(begin_of("vera", &session, token, NOON), E_API_SESSIONS);
    done();
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_token_finds_its_session_and_is_kept_nowhere),
        TEST(idle_for_too_long_it_is_over),
        TEST(ended_it_is_dead_at_once),
        TEST(a_new_password_ends_it_and_so_does_the_end_of_its_user),
        TEST(a_clock_that_was_put_back_shuts_nobody_out_and_lets_nobody_stay),
        TEST(ahead_of_a_clock_that_was_put_back_it_is_over_for_good),
        TEST(a_user_has_a_share_of_them_and_room_again),
        TEST(there_is_an_end_of_all_of_them),
    };

    return run_tests("sessions", tests, COUNT(tests));
}
