/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/errand.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

struct job {
    struct errand errand;
    struct events events;
    _Atomic int64_t clock;
    struct error err;
};

static void job_begin(struct job *out, int64_t patience_ms)
{
    *out = (struct job){0};
    errand_begin(&out->errand, &out->events, &out->clock, patience_ms);
}

static void wait_until(const atomic_bool *flag)
{
    const struct timespec slice = {.tv_nsec = 1000000};

    while (!atomic_load(flag))
        nanosleep(&slice, NULL);
}

static bool succeed(void *at, struct error *err)
{
    (void)at;
    (void)err;
    return true;
}

static bool run_out_of_luck(void *at, struct error *err)
{
    (void)at;
    return fail(err, E_DISK_FULL, "here");
}

static bool wait_for_the_stop(void *at, struct error *err)
{
    struct job *job = at;

    kill(getpid(), SIGTERM);
    wait_until(&job->errand.stop);
    return fail(err, E_STOPPED, "asked");
}

/* What a send whose requests break does, until it may not any more. */
static bool meet_trouble(void *at, struct error *err)
{
    struct job *job = at;

    struct contact *contact = errand_contact(&job->errand);

    fail(&contact->trouble, E_PUT_UNREACHABLE, "there");
    atomic_fetch_add(&contact->retries, 1);
    wait_until(&contact->weary);
    return fail(err, E_PUT_UNREACHABLE, "there");
}

static void wait_until_shown(struct errand *errand, uint64_t bytes)
{
    const struct timespec slice = {.tv_nsec = 1000000};
    bool shown = false;

    while (!shown) {
        nanosleep(&slice, NULL);
        pthread_mutex_lock(&errand->lock);
        shown = errand->shown == bytes;
        pthread_mutex_unlock(&errand->lock);
    }
}

/* A segment under way, which breaks, is sent anew and accepted. */
static bool send_anew(void *at, struct error *err)
{
    struct job *job = at;
    struct progress progress = {.bytes_total = 10, .passing = 6};

    (void)err;
    errand_show(&job->errand, &progress);
    wait_until_shown(&job->errand, 6);
    atomic_store(&progress.passing, 0);
    atomic_store(&progress.bytes, 2);
    errand_show(&job->errand, NULL);
    return true;
}

static bool send_more_than_thought(void *at, struct error *err)
{
    struct job *job = at;
    struct progress progress = {.bytes_total = 10, .bytes = 12, .passing = 6};

    (void)err;
    errand_show(&job->errand, &progress);
    wait_until_shown(&job->errand, 10);
    errand_show(&job->errand, NULL);
    return true;
}

static void what_is_under_way_is_shown_and_never_falls(void)
{
    struct job job;

    job_begin(&job, 1000);
    job.events.json = true;
    CU_ASSERT_TRUE(errand_run(&job.errand, send_anew, &job, &job.err));
    CU_ASSERT_EQUAL(job.errand.shown, 6);
    CU_ASSERT_EQUAL(job.errand.accepted, 2);
    errand_end(&job.errand);
}

static void no_more_than_all_is_shown(void)
{
    struct job job;

    job_begin(&job, 1000);
    job.events.json = true;
    CU_ASSERT_TRUE(errand_run(&job.errand, send_more_than_thought, &job, &job.err));
    CU_ASSERT_EQUAL(job.errand.shown, 10);
    CU_ASSERT_EQUAL(job.errand.accepted, 10);
    errand_end(&job.errand);
}

static void work_that_succeeds_is_good(void)
{
    struct job job;

    job_begin(&job, 1000);
    CU_ASSERT_TRUE(errand_run(&job.errand, succeed, &job, &job.err));
    CU_ASSERT_EQUAL(job.err.msg, E_NONE);
    errand_end(&job.errand);
}

static void a_failure_is_the_works_own(void)
{
    struct job job;

    job_begin(&job, 1000);
    CU_ASSERT_FALSE(errand_run(&job.errand, run_out_of_luck, &job, &job.err));
    CU_ASSERT_EQUAL(job.err.msg, E_DISK_FULL);
    errand_end(&job.errand);
}

static void a_signal_asks_the_work_to_end(void)
{
    struct job job;

    job_begin(&job, 1000);
    CU_ASSERT_FALSE(errand_run(&job.errand, wait_for_the_stop, &job, &job.err));
    CU_ASSERT_EQUAL(job.err.msg, E_STOPPED);
    CU_ASSERT(atomic_load(&job.clock) > 0);
    errand_end(&job.errand);
}

static void patience_ends_when_nothing_is_heard(void)
{
    struct job job;

    job_begin(&job, 300);
    CU_ASSERT_FALSE(errand_run(&job.errand, meet_trouble, &job, &job.err));
    CU_ASSERT_EQUAL(job.err.msg, E_PUT_UNREACHABLE);
    errand_end(&job.errand);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(work_that_succeeds_is_good),
        TEST(a_failure_is_the_works_own),
        TEST(a_signal_asks_the_work_to_end),
        TEST(patience_ends_when_nothing_is_heard),
        TEST(what_is_under_way_is_shown_and_never_falls),
        TEST(no_more_than_all_is_shown),
    };

    return run_tests("errand", tests, COUNT(tests));
}
