/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs in the database: begun, saved, found, forgotten; and what their lines say of them.
 */
#include "agent/job.h"
#include "agent/job_events.h"
#include "base/fs.h"
#include "base/text.h"
#include "tests/support/run.h"
#include "tests/support/state_db.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <unistd.h>

#define NOON 1813060800

static int64_t begin(struct state_db *state, const char *migration)
{
    struct job job = {.state = JOB_RUNNING, .pid = 7, .started = NOON};
    struct error err = {0};
    int events = -1;

    (void)text_fits(job.command, "migrate");
    (void)text_fits(job.subject, "/srv to host");
    (void)text_fits(job.by, "mary");
    (void)text_fits(job.migration, migration);
    CU_ASSERT_FATAL(job_begin(&job, &state->db, state->scratch.fd, &err));
    CU_ASSERT_FATAL(job_open_events(&events, state->scratch.fd, job.id, true, &err));
    fd_close(&events);
    return job.id;
}

static void what_is_saved_is_loaded(void)
{
    scoped(state_db_clear) struct state_db state;
    struct error err = {0};
    struct job job;

    state_db_make(&state);
    CU_ASSERT_FATAL(job_load(&job, &state.db, begin(&state, ""), &err));
    CU_ASSERT_EQUAL(job.state, JOB_RUNNING);
    CU_ASSERT_FALSE(job.has_progress);
    CU_ASSERT_STRING_EQUAL(job.by, "mary");
    job.state = JOB_REFUSED;
    job.status = 1;
    job.ended = NOON + 5;
    job.has_progress = true;
    job.bytes = 10;
    job.total = 20;
    job.rate = 3;
    (void)text_fits(job.migration, "m-1");
    (void)text_fits(job.finding, "{}");
    CU_ASSERT(job_save(&job, &state.db, &err));
    memset(&job, 0, sizeof(job));
    CU_ASSERT_FATAL(job_load_migration(&job, &state.db, "m-1", &err));
    CU_ASSERT_EQUAL(job.state, JOB_REFUSED);
    CU_ASSERT_EQUAL(job.ended, NOON + 5);
    CU_ASSERT(job.has_progress && job.bytes == 10 && job.total == 20 && job.rate == 3);
    CU_ASSERT_STRING_EQUAL(job.finding, "{}");
}

static void one_that_is_none_is_refused(void)
{
    scoped(state_db_clear) struct state_db state;
    struct error err = {0}, other = {0};
    struct job job;

    state_db_make(&state);
    CU_ASSERT_FALSE(job_load(&job, &state.db, 9, &err));
    CU_ASSERT_EQUAL(err.msg, E_JOB_UNKNOWN);
    CU_ASSERT_FALSE(job_load_migration(&job, &state.db, "m-9", &other));
    CU_ASSERT_EQUAL(other.msg, E_JOB_UNKNOWN);
}

static void the_newest_of_a_migration_counts(void)
{
    scoped(state_db_clear) struct state_db state;
    struct error err = {0};
    struct job job;
    int64_t newest;

    state_db_make(&state);
    begin(&state, "m-1");
    newest = begin(&state, "m-1");
    begin(&state, "m-2");
    CU_ASSERT_FATAL(job_load_migration(&job, &state.db, "m-1", &err));
    CU_ASSERT_EQUAL(job.id, newest);
}

static void a_sweep_ends_what_was_running(void)
{
    scoped(state_db_clear) struct state_db state;
    struct error err = {0};
    struct job job;
    int64_t id;

    state_db_make(&state);
    id = begin(&state, "m-1");
    CU_ASSERT(job_sweep(&state.db, NOON + 9, &err));
    CU_ASSERT_FATAL(job_load(&job, &state.db, id, &err));
    CU_ASSERT_EQUAL(job.state, JOB_STOPPED);
    CU_ASSERT_EQUAL(job.ended, NOON + 9);
    CU_ASSERT_EQUAL(job.pid, 0);
}

static void the_oldest_go_with_their_events(void)
{
    scoped(state_db_clear) struct state_db state;
    struct error err = {0};
    int64_t n = 0, first;

    state_db_make(&state);
    first = begin(&state, "");
    for (int i = 0; i < JOBS_KEPT; i++)
        begin(&state, "");
    CU_ASSERT_EQUAL(first, 1);
    CU_ASSERT(scratch_has(&state.scratch, JOBS_DIR "/1"));
    CU_ASSERT(job_sweep(&state.db, NOON, &err));
    begin(&state, "");
    CU_ASSERT(job_count(&n, &state.db, &err));
    CU_ASSERT_EQUAL(n, JOBS_KEPT + 1);
    CU_ASSERT_FALSE(scratch_has(&state.scratch, JOBS_DIR "/1"));
    CU_ASSERT(scratch_has(&state.scratch, JOBS_DIR "/2"));
}

static void lines_say_how_it_goes(void)
{
    struct job job = {0};
    bool progress = false;

    job_take_line(&job, &progress,
                  span_text("{\"event\":\"granted\",\"migration\":\"m-7\"}"));
    CU_ASSERT_FALSE(progress);
    CU_ASSERT_STRING_EQUAL(job.migration, "m-7");
    job_take_line(&job, &progress,
                  span_text("{\"event\":\"progress\",\"bytes\":5,\"total\":9,\"rate\":2}"));
    CU_ASSERT(progress);
    CU_ASSERT(job.has_progress && job.bytes == 5 && job.total == 9 && job.rate == 2);
    job_take_line(&job, &progress, span_text("no JSON"));
    job_take_line(
        &job, &progress,
        span_text("{\"event\":\"warned\",\"findings\":[{\"severity\":\"error\"}]}"));
    CU_ASSERT_STRING_EQUAL(job.finding, "");
    job_take_line(&job, &progress,
                  span_text("{\"paired\":false,\"findings\":[{\"severity\":\"warning\"},"
                            "{\"severity\":\"error\",\"id\":\"PGP1\"}]}"));
    CU_ASSERT_STRING_EQUAL(job.finding, "{\"severity\":\"error\",\"id\":\"PGP1\"}");
    job_take_line(&job, &progress, span_text("{\"error\":{\"id\":\"PGA1\"}}"));
    CU_ASSERT_STRING_EQUAL(job.finding, "{\"id\":\"PGA1\"}");
}

static void a_line_is_one_event(void)
{
    static const struct {
        const char *line, *event;
    } cases[] = {
        {"{\"event\":\"state\"}", "id: 9\nevent: state\ndata: {\"event\":\"state\"}\n\n"},
        {"{\"error\":{}}", "id: 9\nevent: error\ndata: {\"error\":{}}\n\n"},
        {"{\"paired\":true}", "id: 9\nevent: result\ndata: {\"paired\":true}\n\n"},
        {"text", "id: 9\nevent: message\ndata: text\n\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(buf_clear) struct buf out = buf_upto(256);
        struct error err = {0};

        CU_ASSERT(job_show_event(&out, span_text(cases[i].line), 9, &err));
        CU_ASSERT(span_equal(buf_span(&out), span_text(cases[i].event)));
    }
}

static void progress_leaves_room_for_the_receipt(void)
{
    const size_t half = JOB_EVENTS_MAX / 2;

    CU_ASSERT(job_has_room(0, 100, true));
    CU_ASSERT(job_has_room(half - 100, 100, true));
    CU_ASSERT_FALSE(job_has_room(half - 99, 100, true));
    CU_ASSERT_FALSE(job_has_room(half + 1, 100, true));
    CU_ASSERT(job_has_room(half + 1, 100, false));
    CU_ASSERT(job_has_room(JOB_EVENTS_MAX - 100, 100, false));
    CU_ASSERT_FALSE(job_has_room(JOB_EVENTS_MAX - 99, 100, false));
}

int main(void)
{
    const struct test tests[] = {
        TEST(what_is_saved_is_loaded),
        TEST(one_that_is_none_is_refused),
        TEST(the_newest_of_a_migration_counts),
        TEST(a_sweep_ends_what_was_running),
        TEST(the_oldest_go_with_their_events),
        TEST(lines_say_how_it_goes),
        TEST(a_line_is_one_event),
        TEST(progress_leaves_room_for_the_receipt),
    };

    return run_tests("job", tests, COUNT(tests));
}
