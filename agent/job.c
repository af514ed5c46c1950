/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/job.h"

#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define EVENTS_PATH_MAX 32
#define FIELDS                                                                             \
    "id, state, pid, command, subject, by, migration, started, ended, status, bytes,"      \
    " total, rate, finding"

static const char *const state_names[JOB_STATES] = {
    [JOB_RUNNING] = "running", [JOB_DONE] = "done",       [JOB_REFUSED] = "refused",
    [JOB_FAILED] = "failed",   [JOB_STOPPED] = "stopped",
};

const char *job_state_name(enum job_state state)
{
    return state_names[state];
}

static enum job_state state_named(const char *name)
{
    for (unsigned i = 0; i < JOB_STATES; i++)
        if (text_equal(state_names[i], name))
            return (enum job_state)i;
    return JOB_STOPPED;
}

static void events_path(char out[EVENTS_PATH_MAX], int64_t id)
{
    snprintf(out, EVENTS_PATH_MAX, JOBS_DIR "/%lld", (long long)id);
}

bool job_open_events(int *out, int state, int64_t id, bool append, struct error *err)
{
    scoped(fd_close) int dir = -1;
    char path[EVENTS_PATH_MAX];

    events_path(path, id);
    if (append && !fs_make_dir(&dir, state, JOBS_DIR, 0700, err))
        return false;
    *out = openat(state, path,
                  (append ? O_CREAT | O_APPEND | O_WRONLY : O_RDONLY) | O_CLOEXEC, 0600);
    return *out >= 0 || fail_errno(err, E_FILE_READ, path);
}

/* The oldest that have ended, with their events. */
static bool forget_old(struct db *db, int state, struct error *err)
{
    scoped(query_end) struct query old = {0};
    scoped(query_end) struct query gone = {0};

    if (!query_begin(&old, db,
                     "SELECT id FROM job WHERE state != 'running' ORDER BY id DESC"
                     " LIMIT -1 OFFSET ?1",
                     err) ||
        !query_begin(&gone, db, "DELETE FROM job WHERE id = ?1", err))
        return false;
    query_int(&old, 1, JOBS_KEPT);
    while (query_next(&old, err)) {
        char path[EVENTS_PATH_MAX];

        events_path(path, query_get_int(&old, 0));
        unlinkat(state, path, 0);
        query_int(&gone, 1, query_get_int(&old, 0));
        if (!query_run(&gone, NULL, err))
            return false;
        query_again(&gone);
    }
    return err->msg == E_NONE;
}

static bool last_id(int64_t *out, struct db *db, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT last_insert_rowid()", err) || !query_next(&row, err))
        return false;
    *out = query_get_int(&row, 0);
    return true;
}

bool job_begin(struct job *job, struct db *db, int state, struct error *err)
{
    scoped(query_end) struct query insert = {0};

    if (!forget_old(db, state, err) ||
        !query_begin(
            &insert, db,
            "INSERT INTO job (state, pid, command, subject, by, migration, started)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            err))
        return false;
    query_text(&insert, 1, job_state_name(job->state));
    query_int(&insert, 2, job->pid);
    query_text(&insert, 3, job->command);
    query_text(&insert, 4, job->subject);
    query_text(&insert, 5, job->by);
    query_text(&insert, 6, job->migration);
    query_int(&insert, 7, job->started);
    return query_run(&insert, NULL, err) && last_id(&job->id, db, err);
}

bool job_save(const struct job *job, struct db *db, struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db,
                     "UPDATE job SET state = ?2, pid = ?3, migration = ?4, ended = ?5,"
                     " status = ?6, bytes = ?7, total = ?8, rate = ?9, finding = ?10"
                     " WHERE id = ?1",
                     err))
        return false;
    query_int(&update, 1, job->id);
    query_text(&update, 2, job_state_name(job->state));
    query_int(&update, 3, job->pid);
    query_text(&update, 4, job->migration);
    query_int(&update, 5, job->ended);
    query_int(&update, 6, job->status);
    query_int(&update, 7, job->has_progress ? job->bytes : -1);
    query_int(&update, 8, job->total);
    query_int(&update, 9, job->rate);
    query_text(&update, 10, job->finding);
    return query_run(&update, NULL, err);
}

void job_read(struct job *out, const struct query *row)
{
    *out = (struct job){
        .id = query_get_int(row, 0),
        .state = state_named(query_get_text(row, 1)),
        .pid = (pid_t)query_get_int(row, 2),
        .started = (time_t)query_get_int(row, 7),
        .ended = (time_t)query_get_int(row, 8),
        .status = (int)query_get_int(row, 9),
        .has_progress = query_get_int(row, 10) >= 0,
        .bytes = query_get_int(row, 10),
        .total = query_get_int(row, 11),
        .rate = query_get_int(row, 12),
    };
    (void)text_fits(out->command, query_get_text(row, 3));
    (void)text_fits(out->subject, query_get_text(row, 4));
    (void)text_fits(out->by, query_get_text(row, 5));
    (void)text_fits(out->migration, query_get_text(row, 6));
    (void)text_fits(out->finding, query_get_text(row, 13));
}

bool job_load(struct job *out, struct db *db, int64_t id, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT " FIELDS " FROM job WHERE id = ?1", err))
        return false;
    query_int(&row, 1, id);
    if (!query_next(&row, err))
        return fail(err, E_JOB_UNKNOWN, "%lld", (long long)id);
    job_read(out, &row);
    return true;
}

bool job_load_migration(struct job *out, struct db *db, const char *migration,
                        struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db,
                     "SELECT " FIELDS " FROM job WHERE migration = ?1 ORDER BY id DESC"
                     " LIMIT 1",
                     err))
        return false;
    query_text(&row, 1, migration);
    if (!query_next(&row, err))
        return fail(err, E_JOB_UNKNOWN, "%s", migration);
    job_read(out, &row);
    return true;
}

bool job_list(struct query *out, struct db *db, int64_t top, int64_t skip,
              struct error *err)
{
    if (!query_begin(out, db,
                     "SELECT " FIELDS " FROM job ORDER BY id DESC LIMIT ?1 OFFSET ?2", err))
        return false;
    query_int(out, 1, top);
    query_int(out, 2, skip);
    return true;
}

bool job_count(int64_t *out, struct db *db, struct error *err)
{
    scoped(query_end) struct query row = {0};

    if (!query_begin(&row, db, "SELECT count(*) FROM job", err) || !query_next(&row, err))
        return false;
    *out = query_get_int(&row, 0);
    return true;
}

bool job_sweep(struct db *db, time_t now, struct error *err)
{
    scoped(query_end) struct query update = {0};

    if (!query_begin(&update, db,
                     "UPDATE job SET state = 'stopped', pid = 0, ended = ?1"
                     " WHERE state = 'running'",
                     err))
        return false;
    query_int(&update, 1, now);
    return query_run(&update, NULL, err);
}
