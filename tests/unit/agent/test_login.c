/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/login.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define NOON 1800000000
#define PASSWORD "correct: horse battery"

struct fixture {
    struct scratch scratch;
    struct state state;
    struct login login;
    struct api_request request;
    struct login_try try;
};

static void fixture_free(struct fixture **f)
{
    login_close(&(*f)->login);
    state_close(&(*f)->state);
    scratch_clear(&(*f)->scratch);
    mem_free(*f);
}

static struct fixture *fixture_make(void)
{
    struct fixture *f = mem_zeroed(1, sizeof(*f));
    struct error err = {0};

    scratch_make(&f->scratch);
    CU_ASSERT_FATAL(state_make(&f->state, f->scratch.path, &err));
    CU_ASSERT_FATAL(state_open_db(&f->state, &err));
    CU_ASSERT_FATAL(login_open(&f->login, &err));
    CU_ASSERT_FATAL(admin_add(&f->state.db, "vera", PASSWORD, ADMIN_FULL, NOON, &err));
    CU_ASSERT_FATAL(admin_add(&f->state.db, "otto", PASSWORD, ADMIN_OBSERVER, NOON, &err));
    (void)text_fits(f->request.address, "192.0.2.1");
    return f;
}

/* From the request to the caller; the check, if there has to be one, is run. */
static enum msg log_in(struct fixture *f, const char *name, const char *password,
                       time_t now, struct api_caller *caller, bool *checked)
{
    scoped(api_task_clear) struct api_task task = {0};
    struct api_visit visit = {.state = &f->state, .now = now, .request = &f->request};
    struct error err = {0};

    *checked =
        login_begin_with(&f->login, &visit, &f->try, name, password, &err) == LOGIN_CHECK;
    if (*checked) {
        CU_ASSERT_FATAL(login_check(&task, &f->try, &err));
        while (!api_task_has_ended(&task))
            (void)!poll(NULL, 0, 2);
        (void)!login_checked(&f->login, &visit, &f->try, task.status == 0, &err);
    }
    *caller = visit.caller;
    return err.msg;
}

static void the_right_password_is_checked_once_and_then_known(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    struct api_caller caller;
    struct error err = {0};
    bool checked;

    CU_ASSERT_EQUAL(log_in(f, "vera", PASSWORD, NOON, &caller, &checked), E_NONE);
    CU_ASSERT(checked && caller.role == API_ADMINISTRATOR);
    CU_ASSERT_EQUAL(log_in(f, "vera", PASSWORD, NOON + 1, &caller, &checked), E_NONE);
    CU_ASSERT(!checked && caller.role == API_ADMINISTRATOR);
    CU_ASSERT_EQUAL(log_in(f, "vera", PASSWORD "x", NOON + 1, &caller, &checked),
                    E_API_LOGIN);
    CU_ASSERT(checked && caller.role == API_ANYBODY);
    CU_ASSERT_EQUAL(
        log_in(f, "vera", PASSWORD, NOON + LOGIN_KNOWN_SECONDS, &caller, &checked), E_NONE);
    CU_ASSERT(checked);
    CU_ASSERT_FATAL(admin_change(&f->state.db, "vera", "another password", NOON, &err));
    CU_ASSERT_EQUAL(log_in(f, "vera", PASSWORD, NOON + 2, &caller, &checked), E_API_LOGIN);
}

static void an_observer_is_one_and_authorises_nothing(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    struct verifier otto;
    struct api_caller caller;
    struct digest mark;
    struct error err = {0};
    bool checked, right = true;

    CU_ASSERT_EQUAL(log_in(f, "otto", PASSWORD, NOON, &caller, &checked), E_NONE);
    CU_ASSERT_EQUAL(caller.role, API_OBSERVER);
    CU_ASSERT_FATAL(admin_verifier(&otto, &mark, &f->state.db, "otto", &err));
    CU_ASSERT(verifier_accepts(&otto, PASSWORD, &right, &err));
    CU_ASSERT_FALSE(right);
}

static void too_many_guesses_shut_the_address_out(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    struct api_visit visit = {.state = &f->state, .now = NOON, .request = &f->request};
    struct api_caller caller;
    struct error err = {0};
    bool checked;

    for (int i = 0; i < CODE_FAILURES_PER_ADDRESS; i++)
        CU_ASSERT_FALSE(login_checked(&f->login, &visit, &f->try, false, &err));
    CU_ASSERT_EQUAL(log_in(f, "vera", PASSWORD, NOON, &caller, &checked), E_API_GUESSES);
    CU_ASSERT_EQUAL(log_in(f, "vera", PASSWORD, NOON + 60, &caller, &checked), E_NONE);
}

/* Right when it was asked about, and changed while it was checked. */
static void a_password_that_was_changed_meanwhile_is_wrong(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    struct api_visit visit = {.state = &f->state, .now = NOON, .request = &f->request};
    struct error err = {0};

    CU_ASSERT_EQUAL(login_begin_with(&f->login, &visit, &f->try, "vera", PASSWORD, &err),
                    LOGIN_CHECK);
    CU_ASSERT_FATAL(admin_change(&f->state.db, "vera", "another password", NOON, &err));
    CU_ASSERT_FALSE(login_checked(&f->login, &visit, &f->try, true, &err));
    CU_ASSERT_EQUAL(err.msg, E_API_LOGIN);
    CU_ASSERT_EQUAL(visit.caller.role, API_ANYBODY);
}

/* Whoever has one IPv6 address has 2^64 of them. */
static void guesses_from_one_network_count_together(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    struct api_visit visit = {.state = &f->state, .now = NOON, .request = &f->request};
    struct api_caller caller;
    struct error err = {0};
    bool checked;

    for (int i = 0; i < CODE_FAILURES_PER_ADDRESS; i++) {
        snprintf(f->request.address, sizeof(f->request.address), "2001:db8::%x", i + 1);
        CU_ASSERT_FALSE(login_checked(&f->login, &visit, &f->try, false, &err));
    }
    (void)text_fits(f->request.address, "2001:db8::ffff");
    CU_ASSERT_EQUAL(log_in(f, "vera", PASSWORD, NOON, &caller, &checked), E_API_GUESSES);
    (void)text_fits(f->request.address, "2001:db8:0:1::1");
    CU_ASSERT_EQUAL(log_in(f, "vera", PASSWORD, NOON, &caller, &checked), E_NONE);
}

static void basic_is_split_at_the_first_colon(void)
{
    static const struct {
        const char *header, *name, *password; /* NULL: refused */
    } cases[] = {
        {"Basic dmVyYTphOmI=", "vera", "a:b"},
        {"basic dmVyYTo=", "vera", ""},
        {"Basic dmVyYQ==", NULL, NULL},
        {"Basic ", NULL, NULL},
        {"Basic !", NULL, NULL},
        {"Bearer dmVyYTphOmI=", NULL, NULL},
        {"Basic dmVyYTphAGI=", NULL, NULL}, /* a NUL */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct login_try try = {0};
        struct error err = {0};

        CU_ASSERT_EQUAL(login_read_basic(&try, cases[i].header, &err),
                        cases[i].name != NULL);
        if (cases[i].name == NULL)
            continue;
        CU_ASSERT_STRING_EQUAL(try.name, cases[i].name);
        CU_ASSERT_STRING_EQUAL(try.password, cases[i].password);
    }
}

static void a_token_that_is_none_is_refused_even_beside_a_password(void)
{
    scoped(fixture_free) struct fixture *f = fixture_make();
    struct api_visit visit = {.state = &f->state, .now = NOON, .request = &f->request};
    struct error err = {0};

    (void)text_fits(f->request.token, "0123");
    (void)text_fits(f->request.authorization, "Basic dmVyYTphOmI=");
    CU_ASSERT_EQUAL(login_begin(&f->login, &visit, &f->try, &err), LOGIN_REFUSED);
    CU_ASSERT_EQUAL(err.msg, E_API_LOGIN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_right_password_is_checked_once_and_then_known),
        TEST(an_observer_is_one_and_authorises_nothing),
        TEST(too_many_guesses_shut_the_address_out),
        TEST(a_password_that_was_changed_meanwhile_is_wrong),
        TEST(guesses_from_one_network_count_together),
        TEST(basic_is_split_at_the_first_colon),
        TEST(a_token_that_is_none_is_refused_even_beside_a_password),
    };

    return run_tests("login", tests, COUNT(tests));
}
