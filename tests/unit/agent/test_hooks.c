/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hooks.h"

#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <sys/stat.h>

/* A state directory with the hook `source-freeze`. */
struct bench {
    struct scratch scratch;
    struct state state;
};

static void bench_make(struct bench *out)
{
    *out = (struct bench){0};
    scratch_make(&out->scratch);
    out->state.fd = out->scratch.fd;
    CU_ASSERT_FATAL(text_fits(out->state.dir, out->scratch.path));
    CU_ASSERT_FATAL(mkdirat(out->scratch.fd, HOOKS_DIR, 0700) == 0);
    scratch_write(&out->scratch, HOOKS_DIR "/source-freeze", "#!/bin/sh\n");
    CU_ASSERT_FATAL(fchmodat(out->scratch.fd, HOOKS_DIR "/source-freeze", 0700, 0) == 0);
}

static void bench_clear(struct bench *bench)
{
    scratch_clear(&bench->scratch);
}

/* E_NONE and *there, or why it is refused. */
static enum msg find(const struct bench *bench, const char *name, struct hook_file *out)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(hook_find(out, &bench->state, name, &err), err.msg == E_NONE);
    if (err.msg != E_NONE)
        CU_ASSERT_PTR_NOT_NULL(strstr(err.about, "mend it with: ch"));
    return err.msg;
}

static void a_hook_is_found_with_its_absolute_path(void)
{
    scoped(bench_clear) struct bench bench;
    struct hook_file hook;

    bench_make(&bench);
    CU_ASSERT_EQUAL(find(&bench, "source-freeze", &hook), E_NONE);
    CU_ASSERT(hook.there);
    CU_ASSERT_EQUAL(hook.path[0], '/');
    CU_ASSERT(text_ends(hook.path, "/hooks/source-freeze"));
    CU_ASSERT(text_starts(hook.home, "PAIRGATE_STATE=/"));
}

static void none_is_no_error(void)
{
    scoped(bench_clear) struct bench bench;
    struct hook_file hook;

    bench_make(&bench);
    CU_ASSERT_EQUAL(find(&bench, "source-thaw", &hook), E_NONE);
    CU_ASSERT_FALSE(hook.there);
    CU_ASSERT_FATAL(scratch_shell(&bench.scratch, "rm -r hooks"));
    CU_ASSERT_EQUAL(find(&bench, "source-freeze", &hook), E_NONE);
    CU_ASSERT_FALSE(hook.there);
}

static void what_others_can_change_is_refused_with_what_mends_it(void)
{
    static const struct {
        const char *spoil, *mend;
        enum msg msg;
    } cases[] = {
        {"chmod g+w hooks/source-freeze", "chmod go-w hooks/source-freeze", E_HOOK_OPEN},
        {"chmod o+w hooks/source-freeze", "chmod go-w hooks/source-freeze", E_HOOK_OPEN},
        {"chmod g+w hooks", "chmod go-w hooks", E_HOOK_OPEN},
        {"chmod u-x hooks/source-freeze", "chmod u+x hooks/source-freeze", E_HOOK_FORM},
    };
    scoped(bench_clear) struct bench bench;
    struct hook_file hook;

    bench_make(&bench);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CU_ASSERT_FATAL(scratch_shell(&bench.scratch, cases[i].spoil));
        CU_ASSERT_EQUAL(find(&bench, "source-freeze", &hook), cases[i].msg);
        CU_ASSERT_FALSE(hook.there);
        CU_ASSERT_FATAL(scratch_shell(&bench.scratch, cases[i].mend));
        CU_ASSERT_EQUAL(find(&bench, "source-freeze", &hook), E_NONE);
        CU_ASSERT(hook.there);
    }
}

static void a_directory_is_no_hook(void)
{
    scoped(bench_clear) struct bench bench;
    struct hook_file hook;

    bench_make(&bench);
    CU_ASSERT_FATAL(mkdirat(bench.scratch.fd, HOOKS_DIR "/source-thaw", 0700) == 0);
    CU_ASSERT_EQUAL(find(&bench, "source-thaw", &hook), E_HOOK_FORM);
}

static void the_time_limit_is_a_number_or_the_default(void)
{
    static const char *const bad[] = {"",   "0",   "86401",          "5m",
                                      "-1", "1 2", "999999999999999"};
    scoped(bench_clear) struct bench bench;
    unsigned seconds = 0;
    struct error err = {0};

    bench_make(&bench);
    CU_ASSERT(hook_seconds(&seconds, &bench.state, &err));
    CU_ASSERT_EQUAL(seconds, HOOK_SECONDS);
    scratch_write(&bench.scratch, HOOKS_DIR "/seconds", "900\n");
    CU_ASSERT(hook_seconds(&seconds, &bench.state, &err));
    CU_ASSERT_EQUAL(seconds, 900);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error refused = {0};

        scratch_write(&bench.scratch, HOOKS_DIR "/seconds", bad[i]);
        CU_ASSERT_FALSE(hook_seconds(&seconds, &bench.state, &refused));
        CU_ASSERT_EQUAL(refused.msg, E_HOOK_SECONDS);
    }
}

static void every_hook_has_a_name_a_side_and_a_state(void)
{
    for (enum hook hook = HOOK_NONE + 1; hook < HOOKS; hook++) {
        const struct hook_rule *rule = hook_rule(hook);

        CU_ASSERT(text_starts(rule->name, rule->is_target ? "target-" : "source-"));
        CU_ASSERT(strlen(rule->name) < HOOK_NAME_MAX);
        CU_ASSERT(rule->states != 0);
        CU_ASSERT(rule->failed != E_NONE);
        for (enum handover_state state = 0; state < HANDOVER_STATES; state++)
            if (handover_is_target(state) != rule->is_target)
                CU_ASSERT_FALSE(hook_may_run(hook, rule->is_target, state));
    }
}

static void a_hook_belongs_to_its_side_and_state(void)
{
    CU_ASSERT(hook_may_run(HOOK_TARGET_ACTIVATE, true, TARGET_COMMITTED));
    CU_ASSERT_FALSE(hook_may_run(HOOK_TARGET_ACTIVATE, false, TARGET_COMMITTED));
    CU_ASSERT_FALSE(hook_may_run(HOOK_TARGET_ACTIVATE, true, TARGET_COMMITTING));
    CU_ASSERT_FALSE(hook_may_run(HOOK_SOURCE_FREEZE, false, SOURCE_COMMIT_ASKED));
    CU_ASSERT_FALSE(hook_may_run(HOOK_SOURCE_THAW, false, SOURCE_COMMIT_ASKED));
    CU_ASSERT_FALSE(hook_may_run(HOOK_SOURCE_THAW, false, SOURCE_HANDED_OVER));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_hook_is_found_with_its_absolute_path),
        TEST(none_is_no_error),
        TEST(what_others_can_change_is_refused_with_what_mends_it),
        TEST(a_directory_is_no_hook),
        TEST(the_time_limit_is_a_number_or_the_default),
        TEST(every_hook_has_a_name_a_side_and_a_state),
        TEST(a_hook_belongs_to_its_side_and_state),
    };

    return run_tests("hooks", tests, COUNT(tests));
}
