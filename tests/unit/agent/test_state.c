/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/state.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *below(char out[PATH_MAX + 16], const struct scratch *scratch)
{
    snprintf(out, PATH_MAX + 16, "%s/state", scratch->path);
    return out;
}

static void what_is_not_there_is_to_be_initialised(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(state_close) struct state none = {0}, empty = {0};
    char dir[PATH_MAX + 16];
    struct error err[2] = {{0}, {0}};

    scratch_make(&scratch);
    CU_ASSERT_FALSE(state_open(&none, below(dir, &scratch), &err[0]));
    CU_ASSERT_EQUAL(err[0].msg, E_STATE_MISSING);
    CU_ASSERT_FALSE(state_open(&empty, scratch.path, &err[1]));
    CU_ASSERT_EQUAL(err[1].msg, E_STATE_MISSING);
}

static void a_new_state_is_for_its_owner_alone(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(state_close) struct state state = {0};
    char dir[PATH_MAX + 16];
    struct stat st;
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(state_make(&state, below(dir, &scratch), &err));
    CU_ASSERT_FATAL(stat(dir, &st) == 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
    CU_ASSERT(state_open_db(&state, &err));
}

static void a_state_that_others_can_enter_is_refused(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(state_close) struct state state = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mkdir identity && chmod 750 ."));
    CU_ASSERT_FALSE(state_open(&state, scratch.path, &err));
    CU_ASSERT_EQUAL(err.msg, E_STATE_OPEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.about, "chmod 700 "));
}

static void the_lock_is_held_by_one_at_a_time(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(state_close) struct state one = {0};
    struct error err = {0};
    int status = 0;

    scratch_make(&scratch);
    CU_ASSERT_FATAL(state_make(&one, scratch.path, &err));
    CU_ASSERT(state_lock(&one, &err));
    CU_ASSERT(state_lock(&one, &err)); /* again is fine */
    if (fork() == 0) {
        struct state two = {0};
        struct error busy = {0};

        _exit(state_make(&two, scratch.path, &busy) && !state_lock(&two, &busy) &&
                      busy.msg == E_STATE_BUSY
                  ? 0
                  : 1);
    }
    CU_ASSERT_FATAL(wait(&status) > 0);
    CU_ASSERT_EQUAL(status, 0);
}

static void closing_lets_the_next_one_in(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(state_close) struct state two = {0};
    struct state one = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(state_make(&one, scratch.path, &err));
    CU_ASSERT(state_lock(&one, &err));
    state_close(&one);
    CU_ASSERT_FATAL(state_make(&two, scratch.path, &err));
    CU_ASSERT(state_lock(&two, &err));
}

static enum msg apart(const struct state *state, const char *path)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(state_lies_apart(state, path, E_TREE_STATE, &err), err.msg == E_NONE);
    return err.msg;
}

static void what_holds_the_state_or_lies_in_it_is_not_apart(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(state_close) struct state state = {0};
    char dir[PATH_MAX + 16], other[PATH_MAX + 32];
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(state_make(&state, below(dir, &scratch), &err));
    CU_ASSERT_EQUAL(apart(&state, dir), E_TREE_STATE);
    CU_ASSERT_EQUAL(apart(&state, scratch.path), E_TREE_STATE);
    CU_ASSERT_EQUAL(apart(&state, "/"), E_TREE_STATE);
    snprintf(other, sizeof(other), "%s/identity", dir);
    CU_ASSERT_EQUAL(apart(&state, other), E_TREE_STATE);
    snprintf(other, sizeof(other), "%s-too", dir);
    CU_ASSERT_EQUAL(apart(&state, other), E_NONE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_not_there_is_to_be_initialised),
        TEST(a_new_state_is_for_its_owner_alone),
        TEST(a_state_that_others_can_enter_is_refused),
        TEST(the_lock_is_held_by_one_at_a_time),
        TEST(what_holds_the_state_or_lies_in_it_is_not_apart),
        TEST(closing_lets_the_next_one_in),
    };

    return run_tests("state", tests, COUNT(tests));
}
