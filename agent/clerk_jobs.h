/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs that this clerk has started and that still run. They end with it. */
#pragma once

#include "agent/api_task.h"
#include "agent/api_visit.h"
#include "agent/job.h"

#define JOBS_AT_ONCE 4
#define JOB_PROGRESS_MS 2000 /* progress is stored so often */

struct clerk_job {
    struct job job; /* id 0: the place is free */
    struct api_task task;
    int pipe;         /* what it prints */
    int events;       /* the file */
    size_t written;   /* bytes of it */
    int64_t saved_ms; /* when progress was stored */
    struct buf line;  /* the beginning of one */
    bool stopped;     /* somebody asked for its end */
};

struct clerk_jobs {
    struct clerk_job item[JOBS_AT_ONCE];
};

/* Start the command of the visit's row, and answer with the job. */
must_check bool clerk_job_begin(struct clerk_jobs *jobs, struct api_visit *visit,
                                struct error *err);
/* Ask the one with this number to end; however it ends then, it was stopped, unless it was
 * done by that time. */
void clerk_job_stop(struct clerk_jobs *jobs, int64_t id);
/* Take what they have printed; those that have ended are over. True while one runs. */
bool clerk_jobs_turn(struct clerk_jobs *jobs, struct state *state);
/* End them all. */
void clerk_jobs_clear(struct clerk_jobs *jobs, struct state *state);
