/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress as server-sent events, a piece at a time: the worker asks for the next one. */
#include "agent/api_jobs.h"
#include "agent/job_events.h"
#include "base/fs.h"
#include "base/text.h"
#include "transfer/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE_BYTES (64 * 1024)
#define WAIT_MS 500
#define SEGMENTS_BITS 48 /* of the cursor of a migration; the state is above */

static void go_on(struct api_visit *visit, uint64_t cursor)
{
    visit->reply.more = true;
    visit->reply.cursor = cursor;
    visit->reply.wait_ms = WAIT_MS;
}

/* Where a reader is: as we said last, or as it says who comes back. */
static uint64_t cursor_of(const struct api_visit *visit)
{
    return visit->request->goes_on ? visit->request->cursor
                                   : strtoull(visit->request->last_event, NULL, 10);
}

/* Whole lines from `*at` on; *at is behind the last. */
static bool show_lines(struct api_visit *visit, int file, uint64_t *at, struct error *err)
{
    scoped(buf_clear) struct buf piece = buf_upto(JOB_LINE_MAX + PIECE_BYTES);
    struct span rest;
    size_t end = 0;
    ssize_t n;

    do {
        if (!buf_reserve(&piece, PIECE_BYTES, err))
            return false;
        n = pread(file, piece.at + piece.n, PIECE_BYTES, (off_t)(*at + piece.n));
        if (n < 0)
            return fail_errno(err, E_FILE_READ, JOBS_DIR);
        piece.n += (size_t)n;
        rest = buf_span(&piece);
    } while (n > 0 && !span_find(rest, "\n", &end) && piece.n < JOB_LINE_MAX);
    while (span_find(rest, "\n", &end)) {
        *at += end + 1;
        if (!job_show_event(&visit->out, span_head(rest, end), *at, err))
            return false;
        rest = span_after(rest, end + 1);
    }
    return true;
}

/* The job itself is the last event. */
static bool show_end(struct api_visit *visit, const struct job *job, struct error *err)
{
    return buf_add_text(&visit->out, "event: end\ndata: ", err) &&
           api_job_write(&visit->out, job, err) && buf_add_byte(&visit->out, '\n', err);
}

static bool stream_job(struct api_visit *visit, const struct job *job, struct error *err)
{
    scoped(fd_close) int file = -1;
    uint64_t at = cursor_of(visit);

    if (!job_open_events(&file, visit->state->fd, job->id, false, err) ||
        !show_lines(visit, file, &at, err))
        return false;
    (void)text_fits(visit->reply.content_type, visit->route->content_type);
    if (visit->out.n > 0 || job->state == JOB_RUNNING) {
        go_on(visit, at);
        return true;
    }
    return show_end(visit, job, err);
}

bool api_jobs_events(struct api_visit *visit, struct error *err)
{
    struct job job;

    return job_load(&job, &visit->state->db, strtoll(api_value_of(visit, "id"), NULL, 10),
                    err) &&
           stream_job(visit, &job, err);
}

/* What the database knows of a migration that no job of ours moves: the target's side. */
static bool segments_of(uint64_t *out, struct db *db, const char *id, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db,
                     "SELECT coalesce(sum(last - first + 1), 0) FROM segment"
                     " WHERE migration = ?1",
                     err))
        return false;
    query_text(&row, 1, id);
    if (!query_next(&row, err))
        return false;
    *out = (uint64_t)query_get_int(&row, 0);
    return true;
}

/* The cursor is what was told last, so an event comes with each change alone. */
static bool stream_row(struct api_visit *visit, const char *id, struct error *err)
{
    struct handover handover = {0};
    uint64_t segments = 0, now;

    if (!handover_load(&handover, &visit->state->db, id, err) ||
        !segments_of(&segments, &visit->state->db, id, err))
        return false;
    (void)text_fits(visit->reply.content_type, visit->route->content_type);
    now = ((uint64_t)handover.state + 1) << SEGMENTS_BITS | segments;
    if (now != cursor_of(visit) &&
        !buf_print(&visit->out, err,
                   "id: %llu\nevent: migration\ndata: {\"event\":\"migration\","
                   "\"migration\":\"%s\",\"state\":\"%s\",\"segments\":%llu}\n\n",
                   (unsigned long long)now, handover.migration,
                   handover_state_name(handover.state), (unsigned long long)segments))
        return false;
    if (!handover_is_over(handover.state))
        go_on(visit, now);
    return true;
}

bool api_jobs_migration_events(struct api_visit *visit, struct error *err)
{
    const char *id = api_value_of(visit, "id");
    struct error none = {0};
    struct job job;

    return job_load_migration(&job, &visit->state->db, id, &none)
               ? stream_job(visit, &job, err)
               : stream_row(visit, id, err);
}
