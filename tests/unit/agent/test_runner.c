/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real executables: what they get, what is kept of them, and what is left of them. */
#include "agent/runner.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_ROOM (PATH_MAX + 16)

/* An executable `hook` with this body, in the directory it is told as HERE. */
struct bench {
    struct scratch scratch;
    char path[PATH_ROOM];
    char here[PATH_ROOM];
    struct program program;
    struct runner runner;
};

static void bench_make(struct bench *out, const char *body)
{
    char script[4096];

    *out = (struct bench){0};
    scratch_make(&out->scratch);
    snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", body);
    scratch_write(&out->scratch, "hook", script);
    snprintf(out->path, sizeof(out->path), "%s/hook", out->scratch.path);
    snprintf(out->here, sizeof(out->here), "HERE=%s", out->scratch.path);
    CU_ASSERT_FATAL(chmod(out->path, 0700) == 0);
    out->program = (struct program){.path = out->path, .name = {out->here}, .seconds = 60};
}

static void bench_clear(struct bench *bench)
{
    runner_clear(&bench->runner);
    scratch_clear(&bench->scratch);
}

static void bench_start(struct bench *bench)
{
    struct error err = {0};

    CU_ASSERT_FATAL(runner_start(&bench->runner, &bench->program, &err));
}

static void bench_run(struct bench *bench)
{
    bench_start(bench);
    runner_wait(&bench->runner);
}

static bool said(const struct bench *bench, const char *text)
{
    return bench->runner.n == strlen(text) &&
           memcmp(bench->runner.said, text, bench->runner.n) == 0;
}

/* Until the hook has written its file, or a minute is over. */
static bool appears(const struct bench *bench, const char *name)
{
    for (int i = 0; i < 6000 && !scratch_has(&bench->scratch, name); i++)
        poll(NULL, 0, 10);
    return scratch_has(&bench->scratch, name);
}

/* The process whose number the hook has written is gone, or goes within a minute. */
static bool has_gone(const struct bench *bench, const char *name)
{
    char text[32];
    pid_t pid;

    scratch_read(text, sizeof(text), &bench->scratch, name);
    pid = (pid_t)strtol(text, NULL, 10);
    CU_ASSERT_FATAL(pid > 1);
    for (int i = 0; i < 6000 && kill(pid, 0) == 0; i++)
        poll(NULL, 0, 10);
    return kill(pid, 0) != 0;
}

static void its_status_and_its_words_are_told(void)
{
    scoped(bench_clear) struct bench bench;
    char how[256];

    bench_make(&bench, "echo one; echo two >&2; exit 3");
    bench_run(&bench);
    CU_ASSERT_FALSE(runner_succeeded(&bench.runner));
    CU_ASSERT(said(&bench, "one\ntwo\n"));
    CU_ASSERT_FALSE(bench.runner.cut);
    runner_describe(how, sizeof(how), &bench.runner);
    CU_ASSERT_STRING_EQUAL(how, "ended with status 3: two");
}

static void status_0_is_success(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, "exit 0");
    bench_run(&bench);
    CU_ASSERT(runner_succeeded(&bench.runner));
    CU_ASSERT(said(&bench, ""));
}

static void a_signal_is_128_and_its_number(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, "kill -TERM $$");
    bench_run(&bench);
    CU_ASSERT_EQUAL(bench.runner.status, 128 + SIGTERM);
}

static void what_cannot_be_run_says_so(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, "");
    scratch_write(&bench.scratch, "hook", "#!/nowhere/at/all\n");
    bench_run(&bench);
    CU_ASSERT_EQUAL(bench.runner.status, 126);
    CU_ASSERT(bench.runner.n > 0);
}

static void escapes_do_not_reach_the_terminal(void)
{
    scoped(bench_clear) struct bench bench;
    char how[256];

    bench_make(&bench, "printf '\\033[2J'; exit 1");
    bench_run(&bench);
    runner_describe(how, sizeof(how), &bench.runner);
    CU_ASSERT_PTR_NULL(strchr(how, '\033'));
}

static void its_environment_is_what_was_named(void)
{
    scoped(bench_clear) struct bench bench;
    char want[PATH_ROOM * 2];

    bench_make(&bench, "env | grep -v '^_=\\|^PWD=' | sort");
    CU_ASSERT_FATAL(setenv("SECRET", "of ours", 1) == 0);
    bench.program.name[1] = "PAIRGATE_NAME=a b";
    bench_run(&bench);
    snprintf(want, sizeof(want),
             "%s\nLC_ALL=C\nPAIRGATE_NAME=a b\nPATH=/usr/local/sbin:/usr/local/bin:"
             "/usr/sbin:/usr/bin:/sbin:/bin\n",
             bench.here);
    CU_ASSERT(said(&bench, want));
}

static void it_gets_its_words_no_input_and_no_descriptor(void)
{
    scoped(bench_clear) struct bench bench;
    const int ours = open("/etc/passwd", O_RDONLY); /* not close-on-exec, on purpose */
    char script[256];

    snprintf(script, sizeof(script),
             "echo $# \"$2\" $(pwd); wc -c; umask\n"
             "readlink /proc/$$/fd/0; readlink /proc/$$/fd/1 | sed 's/:.*//'\n"
             "test -e /proc/$$/fd/%d || echo not inherited\n",
             ours);
    bench_make(&bench, script);
    bench.program.word[0] = "a";
    bench.program.word[1] = "b c";
    bench_run(&bench);
    CU_ASSERT(ours > 2);
    CU_ASSERT(said(&bench, "2 b c /\n0\n0022\n/dev/null\npipe\nnot inherited\n"));
    close(ours);
}

static void signals_that_we_ignore_are_not_ignored_by_it(void)
{
    scoped(bench_clear) struct bench bench;

    CU_ASSERT_FATAL(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    bench_make(&bench, "grep ^SigIgn /proc/$$/status");
    bench_run(&bench);
    CU_ASSERT(said(&bench, "SigIgn:\t0000000000000000\n"));
}

static void only_the_last_of_much_output_is_kept(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, "seq 1 200000; exit 1");
    bench_run(&bench);
    CU_ASSERT(bench.runner.cut);
    CU_ASSERT_EQUAL(bench.runner.n, RUNNER_SAID_MAX);
    CU_ASSERT_EQUAL_FATAL(bench.runner.status, 1);
    CU_ASSERT(memcmp(bench.runner.said + RUNNER_SAID_MAX - 7, "200000\n", 7) == 0);
}

static void whoever_takes_too_long_is_ended_with_its_group(void)
{
    scoped(bench_clear) struct bench bench;
    char how[256];

    bench_make(&bench,
               "sleep 600 & echo $! >$HERE/child.new; mv $HERE/child.new $HERE/child\n"
               "echo waiting; wait");
    bench.program.seconds = 1;
    bench_start(&bench);
    CU_ASSERT(appears(&bench, "child"));
    runner_wait(&bench.runner);
    CU_ASSERT(bench.runner.late);
    CU_ASSERT_FALSE(runner_succeeded(&bench.runner));
    runner_describe(how, sizeof(how), &bench.runner);
    CU_ASSERT_STRING_EQUAL(how, "took more than 1 s and was ended: waiting");
    CU_ASSERT(has_gone(&bench, "child"));
}

static void a_failure_takes_what_it_left_in_its_group_along(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, "sleep 600 & echo $! >$HERE/child; exit 1");
    bench_run(&bench);
    CU_ASSERT(has_gone(&bench, "child"));
}

/* A service that was started holds the pipe; it is not waited for and not ended. */
static void what_a_success_left_running_runs_on(void)
{
    scoped(bench_clear) struct bench bench;
    char text[32];
    pid_t child;

    bench_make(&bench, "sleep 600 & echo $! >$HERE/child; exit 0");
    bench_run(&bench);
    CU_ASSERT(runner_succeeded(&bench.runner));
    scratch_read(text, sizeof(text), &bench.scratch, "child");
    child = (pid_t)strtol(text, NULL, 10);
    CU_ASSERT_FATAL(child > 1);
    CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
}

static void what_is_cleared_is_ended(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, "echo $$ >$HERE/self.new; mv $HERE/self.new $HERE/self; sleep 600");
    bench_start(&bench);
    CU_ASSERT(appears(&bench, "self"));
    CU_ASSERT_FALSE(runner_has_ended(&bench.runner));
    runner_clear(&bench.runner);
    CU_ASSERT_EQUAL(bench.runner.minder, 0);
    CU_ASSERT(has_gone(&bench, "self"));
}

/* kill -9 of whoever started it, and of its whole group: nothing survives. */
static void it_does_not_survive_whoever_started_it(void)
{
    scoped(bench_clear) struct bench bench;
    pid_t starter;

    bench_make(&bench, "sleep 600 & echo $! >$HERE/child\n"
                       "echo $$ >$HERE/self.new; mv $HERE/self.new $HERE/self; wait");
    starter = fork();
    if (starter == 0) {
        setpgid(0, 0);
        bench_run(&bench);
        _exit(0);
    }
    CU_ASSERT_FATAL(appears(&bench, "self"));
    kill(-starter, SIGKILL);
    waitpid(starter, NULL, 0);
    CU_ASSERT(has_gone(&bench, "self"));
    CU_ASSERT(has_gone(&bench, "child"));
}

/* A child that is not waited for leaves no status: that is no success. */
static void an_end_that_nobody_saw_is_a_failure(void)
{
    scoped(bench_clear) struct bench bench;

    bench_make(&bench, "exit 0");
    signal(SIGCHLD, SIG_IGN);
    bench_run(&bench);
    signal(SIGCHLD, SIG_DFL);
    CU_ASSERT_FALSE(runner_succeeded(&bench.runner));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(its_status_and_its_words_are_told),
        TEST(status_0_is_success),
        TEST(a_signal_is_128_and_its_number),
        TEST(what_cannot_be_run_says_so),
        TEST(escapes_do_not_reach_the_terminal),
        TEST(its_environment_is_what_was_named),
        TEST(it_gets_its_words_no_input_and_no_descriptor),
        TEST(signals_that_we_ignore_are_not_ignored_by_it),
        TEST(only_the_last_of_much_output_is_kept),
        TEST(whoever_takes_too_long_is_ended_with_its_group),
        TEST(a_failure_takes_what_it_left_in_its_group_along),
        TEST(what_a_success_left_running_runs_on),
        TEST(what_is_cleared_is_ended),
        TEST(it_does_not_survive_whoever_started_it),
        TEST(an_end_that_nobody_saw_is_a_failure),
    };

    return run_tests("runner", tests, COUNT(tests));
}
