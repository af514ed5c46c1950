/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/clerk_jobs.h"

#include "agent/api_jobs.h"
#include "agent/clock.h"
#include "agent/job_events.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "transfer/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define READ_BYTES 16384
#define BY_SIGNAL 128 /* and its number: how a status tells of one */

/* What fails here must not end the job, and is told in the log. */
static void save(struct clerk_job *item, struct state *state)
{
    struct error err = {0};

    if (!job_save(&item->job, &state->db, &err))
        view_text_failure(stderr, &err);
}

static void store_line(struct clerk_job *item, struct span line, bool progress)
{
    struct error err = {0};

    if (!job_has_room(item->written, line.n, progress))
        return;
    if (!fs_write_all(item->events, line, &err))
        view_text_failure(stderr, &err);
    item->written += line.n;
}

/* Progress comes often: only some of it is kept. */
static void take_line(struct clerk_job *item, struct state *state, struct span line)
{
    const int64_t now = clock_steady_ms();
    bool progress = false;

    job_take_line(&item->job, &progress, line);
    if (progress && item->saved_ms != 0 && now - item->saved_ms < JOB_PROGRESS_MS)
        return;
    if (progress)
        item->saved_ms = now;
    store_line(item, line, progress);
    save(item, state);
}

/* Whole lines, each with its end. One that is too long is dropped. */
static void take_bytes(struct clerk_job *item, struct state *state, struct span bytes)
{
    size_t end = 0;

    while (bytes.n > 0) {
        struct error too_long = {0};
        const bool whole = span_find(bytes, "\n", &end);
        const struct span piece = whole ? span_head(bytes, end + 1) : bytes;

        if (!buf_add(&item->line, piece, &too_long))
            buf_reset(&item->line);
        else if (whole)
            take_line(item, state, buf_span(&item->line));
        if (whole)
            buf_reset(&item->line);
        bytes = span_after(bytes, piece.n);
    }
}

static void drain(struct clerk_job *item, struct state *state)
{
    unsigned char bytes[READ_BYTES];
    ssize_t n;

    while ((n = read(item->pipe, bytes, sizeof(bytes))) > 0)
        take_bytes(item, state, span_of(bytes, (size_t)n));
}

static enum job_state state_of(int status, bool stopped)
{
    if (stopped && status != 0)
        return JOB_STOPPED;
    switch (status) {
    case 0:
        return JOB_DONE;
    case 1:
        return JOB_REFUSED;
    default:
        return status >= BY_SIGNAL ? JOB_STOPPED : JOB_FAILED;
    }
}

static void item_clear(struct clerk_job *item)
{
    api_task_clear(&item->task);
    fd_close(&item->pipe);
    fd_close(&item->events);
    buf_clear(&item->line);
    *item = (struct clerk_job){.pipe = -1, .events = -1};
}

static void item_end(struct clerk_job *item, struct state *state, int status)
{
    item->job.status = status;
    item->job.state = state_of(status, item->stopped);
    item->job.ended = clock_now();
    item->job.pid = 0;
    save(item, state);
    item_clear(item);
}

/* The leader of the group is a child that was not waited for; for a moment it has no group
 * yet. */
void clerk_job_stop(struct clerk_jobs *jobs, int64_t id)
{
    for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
        struct clerk_job *item = &jobs->item[i];

        if (item->job.id != id || item->task.pid == 0)
            continue;
        item->stopped = true;
        if (kill(-item->task.pid, SIGTERM) != 0)
            kill(item->task.pid, SIGTERM);
    }
}

bool clerk_jobs_turn(struct clerk_jobs *jobs, struct state *state)
{
    bool some = false;

    for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
        struct clerk_job *item = &jobs->item[i];
        bool ended;

        if (item->job.id == 0)
            continue;
        ended = api_task_has_ended(&item->task);
        drain(item, state);
        if (ended)
            item_end(item, state, item->task.status);
        some = some || !ended;
    }
    return some;
}

void clerk_jobs_clear(struct clerk_jobs *jobs, struct state *state)
{
    for (size_t i = 0; i < JOBS_AT_ONCE; i++) {
        struct clerk_job *item = &jobs->item[i];

        if (item->job.id == 0)
            continue;
        drain(item, state);
        api_task_clear(&item->task);
        item_end(item, state, BY_SIGNAL + SIGTERM);
    }
}

static struct clerk_job *free_place(struct clerk_jobs *jobs)
{
    for (size_t i = 0; i < JOBS_AT_ONCE; i++)
        if (jobs->item[i].job.id == 0)
            return &jobs->item[i];
    return NULL;
}

/* A tree and where it goes, or a migration. */
static void fill_job(struct job *out, const struct api_visit *visit)
{
    const char *id = api_value_of(visit, "id");
    const char *directory = api_value_of(visit, "directory");
    const char *host = api_value_of(visit, "host");
    char subject[2 * JOB_SUBJECT_MAX] = "";

    *out = (struct job){.state = JOB_RUNNING, .started = visit->now};
    (void)text_fits(out->command, visit->route->command);
    (void)text_fits(out->by, visit->caller.name);
    if (id != NULL)
        (void)text_fits(out->migration, id);
    if (directory != NULL && host != NULL)
        snprintf(subject, sizeof(subject), "%s to %s", directory, host);
    text_printable(out->subject, sizeof(out->subject),
                   span_text(id != NULL ? id : subject));
}

/* Both ends of what it prints into: ours does not block. */
static bool pipes_open(struct clerk_job *item, int *output, struct error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail_errno(err, E_API_BROKEN, "pipe2");
    item->pipe = ends[0];
    *output = ends[1];
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 ||
           fail_errno(err, E_API_BROKEN, "fcntl");
}

static bool item_start(struct clerk_job *item, struct api_visit *visit, struct error *err)
{
    scoped(api_words_clear) struct api_words words = {0};
    scoped(fd_close) int output = -1;
    struct api_order order = {
        .command = visit->route->command, .words = &words, .state = visit->state->dir};

    if (!job_open_events(&item->events, visit->state->fd, item->job.id, true, err) ||
        !api_words_make(&words, visit->route, visit->value, visit->n, err) ||
        !pipes_open(item, &output, err))
        return false;
    order.output = output;
    return api_task_start(&item->task, &order, err);
}

/* So that one that is none is refused at once. */
static bool migration_is_there(const struct api_visit *visit, struct error *err)
{
    const char *id = api_value_of(visit, "id");
    struct handover handover = {0};

    return id == NULL || handover_load(&handover, &visit->state->db, id, err);
}

bool clerk_job_begin(struct clerk_jobs *jobs, struct api_visit *visit, struct error *err)
{
    struct clerk_job *item = free_place(jobs);

    if (item == NULL)
        return fail(err, E_JOBS_BUSY, "%d", JOBS_AT_ONCE);
    if (!migration_is_there(visit, err))
        return false;
    *item = (struct clerk_job){.pipe = -1, .events = -1, .line = buf_upto(JOB_LINE_MAX)};
    fill_job(&item->job, visit);
    if (!job_begin(&item->job, &visit->state->db, visit->state->fd, err)) {
        item_clear(item);
        return false;
    }
    if (!item_start(item, visit, err)) {
        item_end(item, visit->state, error_exit_status(err));
        return false;
    }
    item->job.pid = item->task.pid;
    save(item, visit->state);
    visit->reply.status = 202;
    snprintf(visit->reply.location, sizeof(visit->reply.location), API_V1 "/jobs/%lld",
             (long long)item->job.id);
    return api_job_write(&visit->out, &item->job, err);
}
