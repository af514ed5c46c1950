/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker and supervisor: which hooks a worker may have run, and what stands on them. */
#include "agent/office_hook.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/worker.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A fixture whose state directory has hooks, and one granted migration. */
struct bench {
    struct fixture *f;
    struct state state;
    char migration[MIGRATION_ID_MAX];
};

static void bench_clear(struct bench *bench)
{
    struct office *office = &bench->f->office;

    authority_close(&bench->f->authority); /* ends the thread that uses the hooks */
    pthread_join(bench->f->thread, NULL);
    office_hook_clear(office);
    CU_ASSERT_FATAL(pthread_create(&bench->f->thread, NULL, fixture_supervise, bench->f) ==
                    0);
    fixture_free(&bench->f);
}

static void grant_it(struct bench *bench, bool is_target)
{
    struct authority_answer answer = {0};
    struct authority_ask ask;

    if (is_target) {
        CU_ASSERT_EQUAL_FATAL(prove(bench->f, &bench->f->code, 1, 'k', 'e', &answer),
                              E_NONE);
    } else {
        ask_make(&ask, AUTHORITY_ADOPT, 0, 'k');
        (void)text_fits(ask.grant.id, "g-1");
        (void)text_fits(ask.grant.migration, "m-1");
        CU_ASSERT_EQUAL_FATAL(ask_do(bench->f, &ask, &answer), E_NONE);
    }
    (void)text_fits(bench->migration, answer.grant.migration);
}

static void bench_make(struct bench *out, bool is_target)
{
    struct hook_desk *desk = mem_zeroed(1, sizeof(*desk));

    *out = (struct bench){.f = fixture_make(is_target)};
    out->state.fd = out->f->state.scratch.fd;
    (void)text_fits(out->state.dir, out->f->state.scratch.path);
    CU_ASSERT_FATAL(mkdirat(out->state.fd, HOOKS_DIR, 0700) == 0);
    desk->state = &out->state;
    desk->events.json = true;
    out->f->office.hooks = desk;
    grant_it(out, is_target);
}

static void put_hook(const struct bench *bench, const char *name, const char *body)
{
    char path[64], script[512];

    snprintf(path, sizeof(path), HOOKS_DIR "/%s", name);
    snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", body);
    scratch_write(&bench->f->state.scratch, path, script);
    CU_ASSERT_FATAL(fchmodat(bench->state.fd, path, 0700, 0) == 0);
}

static enum msg ask_for(struct bench *bench, enum hook hook, int64_t patience_ms)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(authority_hook(&bench->f->authority, bench->migration, hook,
                                   patience_ms, NULL, &err),
                    err.msg == E_NONE);
    return err.msg;
}

static void none_there_is_done_at_once(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, true);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, 0), E_NONE);
}

static void one_that_succeeded_is_not_run_again(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, true);
    put_hook(&bench, "target-preflight",
             "[ ! -e $PAIRGATE_STATE/ran ] && echo >$PAIRGATE_STATE/ran");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, -1), E_NONE);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, -1), E_NONE);
}

static void one_that_failed_is_run_again(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, true);
    put_hook(&bench, "target-preflight",
             "[ -e $PAIRGATE_STATE/ran ] || { echo >$PAIRGATE_STATE/ran; exit 1; }");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, -1), E_HOOK_REFUSES);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, -1), E_NONE);
}

static void whoever_loses_patience_finds_it_running(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, true);
    put_hook(&bench, "target-preflight",
             "while [ ! -e $PAIRGATE_STATE/go ]; do sleep 0.02; done\n"
             "echo >>$PAIRGATE_STATE/runs");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, 0), E_HOOK_RUNNING);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, 50), E_HOOK_RUNNING);
    scratch_write(&bench.f->state.scratch, "go", "");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, -1), E_NONE);
    CU_ASSERT(scratch_shell(&bench.f->state.scratch, "test $(wc -l <runs) = 1"));
}

static void what_others_can_change_has_failed(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, true);
    put_hook(&bench, "target-preflight", "exit 0");
    CU_ASSERT_FATAL(fchmodat(bench.state.fd, HOOKS_DIR, 0777, 0) == 0);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, -1), E_HOOK_REFUSES);
}

/* A worker that was taken over has nothing run out of turn. */
static void a_hook_is_for_its_side_and_state(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, true);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_SOURCE_FREEZE, 0), E_SUPERVISOR);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_IMPORT, 0), E_SUPERVISOR);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_ACTIVATE, 0), E_SUPERVISOR);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_NONE, 0), E_SUPERVISOR);
    CU_ASSERT_EQUAL(ask_for(&bench, (enum hook)HOOKS, 0), E_SUPERVISOR);
    (void)text_fits(bench.migration, "m-none");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, 0), E_MIGRATION_UNKNOWN);
    bench.migration[0] = '\0';
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_PREFLIGHT, 0), E_MIGRATION_UNKNOWN);
}

static enum msg freeze(struct bench *bench)
{
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    const struct handover_act act = {.event = WILL_FREEZE, .statement = &text, .now = NOON};
    struct handover after = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(buf_add_text(&text.body, "notice", &err));
    CU_ASSERT_FATAL(buf_add_text(&text.signature, "signature", &err));
    (void)!authority_move(&bench->f->authority, bench->migration, &act, &after, &err);
    return err.msg;
}

static void a_source_is_not_frozen_before_its_hook_allowed_it(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, false);
    put_hook(&bench, "source-freeze", "exit 0");
    CU_ASSERT_EQUAL(freeze(&bench), E_SUPERVISOR);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_SOURCE_FREEZE, -1), E_NONE);
    CU_ASSERT_EQUAL(freeze(&bench), E_NONE);
}

/* The thread of the fixture is the supervisor: it is ended before this one plays it. */
static void a_source_that_was_not_frozen_after_all_is_thawed_at_the_end(void)
{
    scoped(bench_clear) struct bench bench;
    struct error err = {0};

    bench_make(&bench, false);
    put_hook(&bench, "source-freeze", "exit 1");
    put_hook(&bench, "source-thaw", "echo >$PAIRGATE_STATE/thawed");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_SOURCE_FREEZE, -1), E_HOOK_FREEZE);
    authority_close(&bench.f->authority);
    pthread_join(bench.f->thread, NULL);
    CU_ASSERT(office_hook_finish(&bench.f->office, &err));
    CU_ASSERT(scratch_has(&bench.f->state.scratch, "thawed"));
    put_hook(&bench, "source-thaw", "echo busy; exit 4");
    CU_ASSERT(office_hook_finish(&bench.f->office, &err)); /* nothing is owed */
    CU_ASSERT_FATAL(pthread_create(&bench.f->thread, NULL, fixture_supervise, bench.f) ==
                    0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(none_there_is_done_at_once),
        TEST(one_that_succeeded_is_not_run_again),
        TEST(one_that_failed_is_run_again),
        TEST(whoever_loses_patience_finds_it_running),
        TEST(what_others_can_change_has_failed),
        TEST(a_hook_is_for_its_side_and_state),
        TEST(a_source_is_not_frozen_before_its_hook_allowed_it),
        TEST(a_source_that_was_not_frozen_after_all_is_thawed_at_the_end),
    };

    return run_tests("office_hook", tests, COUNT(tests));
}
