/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands that go on for long, started through the management API: a row in the state
 * database, and the events that they print in STATE/jobs/<id>. A job lives as long as the
 * clerk that started it; what it moved can be resumed.
 */
#pragma once

#include "base/db.h"
#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define JOBS_KEPT 200 /* finished ones; the oldest go, with their events */
#define JOBS_DIR "jobs"
#define JOB_COMMAND_MAX 32
#define JOB_SUBJECT_MAX 512
#define JOB_NAME_MAX 128
#define JOB_MIGRATION_MAX 40
#define JOB_FINDING_MAX 2048

enum job_state { JOB_RUNNING, JOB_DONE, JOB_REFUSED, JOB_FAILED, JOB_STOPPED };
#define JOB_STATES 5
const char *job_state_name(enum job_state state);

struct job {
    int64_t id;
    enum job_state state;
    pid_t pid; /* while it runs: the leader of its group */
    char command[JOB_COMMAND_MAX];
    char subject[JOB_SUBJECT_MAX]; /* what it is about: a migration, or a tree and a host */
    char by[JOB_NAME_MAX];         /* who started it; empty: on this machine */
    char migration[JOB_MIGRATION_MAX]; /* empty until it is known */
    time_t started;
    time_t ended;                  /* 0 while it runs */
    int status;                    /* exit status */
    bool has_progress;             /* the three below count */
    int64_t bytes, total, rate;    /* rate: bytes a second */
    char finding[JOB_FINDING_MAX]; /* what it failed by, as JSON; or empty */
};

/* Insert it; gives out->id. Rows and events beyond JOBS_KEPT go. */
must_check bool job_begin(struct job *job, struct db *db, int state, struct error *err);
/* Store all that can change. */
must_check bool job_save(const struct job *job, struct db *db, struct error *err);
/* E_JOB_UNKNOWN. */
must_check bool job_load(struct job *out, struct db *db, int64_t id, struct error *err);
/* The newest that moved this migration; E_JOB_UNKNOWN when none of this appliance did. */
must_check bool job_load_migration(struct job *out, struct db *db, const char *migration,
                                   struct error *err);
/* The newest first; `skip` of them are passed over, -1: as many as there are. */
must_check bool job_list(struct query *out, struct db *db, int64_t top, int64_t skip,
                         struct error *err);
void job_read(struct job *out, const struct query *row);
must_check bool job_count(int64_t *out, struct db *db, struct error *err);
/* What a clerk that is gone has left running was ended with it. */
must_check bool job_sweep(struct db *db, time_t now, struct error *err);

/* Its file of events, to append to (made) or to read; -1 on failure. */
must_check bool job_open_events(int *out, int state, int64_t id, bool append,
                                struct error *err);
