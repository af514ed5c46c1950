/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker and supervisor: which hooks a worker may have run, and what stands on them. */
#include "agent/office_hook.h"

#include "agent/move.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/worker.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_SOURCE_FREEZE, 0), E_HANDOVER_MOVE);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_IMPORT, 0), E_HANDOVER_MOVE);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_ACTIVATE, 0), E_HANDOVER_MOVE);
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
static void supervisor_end(struct bench *bench)
{
    authority_close(&bench->f->authority);
    pthread_join(bench->f->thread, NULL);
}

/* It ends at once; so bench_clear finds one. */
static void supervisor_again(struct bench *bench)
{
    CU_ASSERT_FATAL(pthread_create(&bench->f->thread, NULL, fixture_supervise, bench->f) ==
                    0);
}

/* Another one, whom the worker may ask. */
static void supervisor_anew(struct bench *bench)
{
    int ends[2];

    close(bench->f->supervisor);
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    authority_open(&bench->f->authority, ends[0]);
    bench->f->supervisor = ends[1];
    supervisor_again(bench);
}

static void run_sql(struct bench *bench, const char *sql)
{
    scoped(query_end) struct query query = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(query_begin(&query, &bench->f->state.db, sql, &err));
    CU_ASSERT_FATAL(query_run(&query, NULL, &err));
}

/* More of them than there are places. */
static void everything_that_is_owed_is_run(void)
{
    scoped(bench_clear) struct bench bench;
    const struct timespec tick = {.tv_nsec = HOOK_TICK_MS * 1000000L};

    bench_make(&bench, true);
    put_hook(&bench, "target-activate", "echo >>$PAIRGATE_STATE/ran");
    supervisor_end(&bench);
    run_sql(&bench, "UPDATE migration SET state = 'committed'");
    run_sql(&bench,
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
            " i < 19) INSERT INTO migration (id, side, grant_id, name, directory,"
            " peer, state, generation, epoch, digest, created, changed) SELECT id ||"
            " i, side, grant_id, name, directory, peer, state, generation, epoch,"
            " digest, created, changed FROM migration, n");
    bench.f->office.hooks->look = true;
    for (int i = 0; i < 2400 && !scratch_shell(&bench.f->state.scratch,
                                               "[ $(wc -l <ran) = 20 ] 2>/dev/null");
         i++) {
        office_hook_look(&bench.f->office);
        nanosleep(&tick, NULL);
    }
    CU_ASSERT(scratch_shell(&bench.f->state.scratch, "[ $(wc -l <ran) = 20 ]"));
    supervisor_again(&bench);
}

static void look_until_there(struct bench *bench, const char *name)
{
    const struct timespec tick = {.tv_nsec = HOOK_TICK_MS * 1000000L};

    for (int i = 0; i < 800 && !scratch_has(&bench->f->state.scratch, name); i++) {
        office_hook_look(&bench->f->office);
        nanosleep(&tick, NULL);
    }
    CU_ASSERT(scratch_has(&bench->f->state.scratch, name));
}

/* Such as takeover: it has found the lock taken. */
static void what_another_process_has_moved_is_found(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, true);
    put_hook(&bench, "target-activate", "echo >$PAIRGATE_STATE/ran");
    supervisor_end(&bench);
    bench.f->office.hooks->look = true;
    office_hook_look(&bench.f->office);
    run_sql(&bench, "UPDATE migration SET state = 'committed'");
    look_until_there(&bench, "ran");
    supervisor_again(&bench);
}

/* What comes by itself is not the worker's: neither its outcome nor its place. */
static void what_is_owed_is_not_the_workers(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, true);
    put_hook(&bench, "target-activate", "exit 1");
    supervisor_end(&bench);
    run_sql(&bench, "UPDATE migration SET state = 'committed'");
    bench.f->office.hooks->look = true;
    supervisor_anew(&bench);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_IMPORT, 0), E_HANDOVER_MOVE);
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_TARGET_ACTIVATE, 0), E_SUPERVISOR);
}

static bool finish(struct bench *bench, const char *ran)
{
    struct error err = {0};

    CU_ASSERT(office_hook_finish(&bench->f->office, &err));
    return scratch_has(&bench->f->state.scratch, ran);
}

/* Another process that minds what is owed, until a second has passed. */
static pid_t mind_elsewhere(const struct bench *bench)
{
    const int lock = openat(bench->state.fd, HOOK_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    pid_t pid;

    CU_ASSERT_FATAL(lock >= 0 && fs_lock(lock));
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        sleep(1);
        _exit(0);
    }
    close(lock); /* it is theirs now */
    return pid;
}

static void what_another_process_minds_is_not_left_behind(void)
{
    scoped(bench_clear) struct bench bench;
    pid_t other;

    bench_make(&bench, true);
    put_hook(&bench, "target-activate", "echo >$PAIRGATE_STATE/ran");
    supervisor_end(&bench);
    run_sql(&bench, "UPDATE migration SET state = 'committed'");
    other = mind_elsewhere(&bench);
    CU_ASSERT(finish(&bench, "ran"));
    CU_ASSERT(waitpid(other, NULL, 0) == other);
    supervisor_again(&bench);
}

/* A worker that asks for what it may not have changes nothing of what is owed. */
static void a_refused_request_leaves_the_thaw_owed(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, false);
    put_hook(&bench, "source-freeze", "exit 1");
    put_hook(&bench, "source-thaw", "echo >$PAIRGATE_STATE/thawed");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_SOURCE_FREEZE, -1), E_HOOK_FREEZE);
    (void)text_fits(bench.migration, "m-none");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_SOURCE_FREEZE, 0), E_MIGRATION_UNKNOWN);
    supervisor_end(&bench);
    CU_ASSERT(finish(&bench, "thawed"));
    supervisor_again(&bench);
}

/* Whoever goes on with it has it frozen; what is thawed for good waits for nobody. */
static void a_source_that_goes_on_elsewhere_is_not_thawed(void)
{
    scoped(bench_clear) struct bench bench;
    scoped(fd_close) int elsewhere = -1;
    struct error err = {0};

    bench_make(&bench, false);
    put_hook(&bench, "source-freeze", "exit 1");
    put_hook(&bench, "source-thaw", "echo >$PAIRGATE_STATE/thawed");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_SOURCE_FREEZE, -1), E_HOOK_FREEZE);
    supervisor_end(&bench);
    CU_ASSERT_FATAL(plan_lock_work(&elsewhere, bench.state.fd, "m-1", &err));
    CU_ASSERT_FALSE(finish(&bench, "thawed"));
    run_sql(&bench, "UPDATE migration SET state = 'thawed'");
    CU_ASSERT(finish(&bench, "thawed"));
    supervisor_again(&bench);
}

static void a_source_that_was_not_frozen_after_all_is_thawed_at_the_end(void)
{
    scoped(bench_clear) struct bench bench;
    struct error err = {0};

    bench_make(&bench, false);
    put_hook(&bench, "source-freeze", "exit 1");
    put_hook(&bench, "source-thaw", "echo >$PAIRGATE_STATE/thawed");
    CU_ASSERT_EQUAL(ask_for(&bench, HOOK_SOURCE_FREEZE, -1), E_HOOK_FREEZE);
    supervisor_end(&bench);
    CU_ASSERT(finish(&bench, "thawed"));
    put_hook(&bench, "source-thaw", "echo busy; exit 4");
    CU_ASSERT(office_hook_finish(&bench.f->office, &err)); /* nothing is owed */
    supervisor_again(&bench);
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
        TEST(everything_that_is_owed_is_run),
        TEST(what_another_process_has_moved_is_found),
        TEST(what_is_owed_is_not_the_workers),
        TEST(what_another_process_minds_is_not_left_behind),
        TEST(a_refused_request_leaves_the_thaw_owed),
        TEST(a_source_that_goes_on_elsewhere_is_not_thawed),
        TEST(a_source_that_was_not_frozen_after_all_is_thawed_at_the_end),
    };

    return run_tests("office_hook", tests, COUNT(tests));
}
