/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the clerk. */
#pragma once

#include "agent/api_task.h"
#include "agent/api_values.h"
#include "agent/audit_quota.h"
#include "agent/clerk.h"
#include "agent/clerk_jobs.h"
#include "agent/login.h"
#include "agent/metrics.h"

enum window_stage {
    WINDOW_OPEN,   /* for the next request */
    WINDOW_WAITS,  /* for a place among those for whom a process runs */
    WINDOW_CHECKS, /* a password */
    WINDOW_RUNS,   /* a command */
};

struct window {
    struct window_end end;
    enum window_stage stage;
    enum window_stage next; /* of one that waits: what for */
    struct api_request request;
    struct buf body;
    struct api_path path;
    struct api_values values;
    struct api_visit visit;
    struct login_try try;
    struct api_task task;
};

struct clerk {
    struct state *state;
    struct window *window; /* n of them */
    size_t n;
    struct clerk_jobs jobs;
    struct metrics *metrics;
    int signals;
    bool stopping;
    struct login login;
    struct {
        struct audit_quota refused, logins;
    } quota; /* of records */
};

/* A request has come: answer it, or begin what answers it. */
void clerk_begin(struct clerk *clerk, struct window *window);
/* What was begun may have ended, or can begin now. */
void clerk_go_on(struct clerk *clerk, struct window *window);
/* What was begun is ended, and all of it wiped. */
void clerk_reset(struct window *window);

/* clerk_answer.c: each is the end of this request. */
/* visit->reply and visit->out are sent. */
void clerk_answer(struct window *window);
void clerk_refuse(struct window *window, const struct error *why);
/* The row's function, if it has one, and its status. */
void clerk_finish(struct window *window);
/* The command has ended. */
void clerk_task_over(struct window *window);

/*
 * clerk_record.c: who called. A login and a change are in the record before they are
 * answered or done, or they are refused; what came of a change is in the records that
 * follow it.
 */
must_check bool clerk_record_login(struct clerk *clerk, const struct window *window,
                                   struct error *err);
/* True at once when this row changes nothing. */
must_check bool clerk_record_change(struct clerk *clerk, const struct window *window,
                                    struct error *err);
/* A login that came to nothing, or an observer who would change something; of any other
 * reason nothing is written. */
void clerk_record_refusal(struct clerk *clerk, const struct window *window,
                          const struct error *why);
/* At the end: what was counted and not yet told. */
void clerk_record_end(struct clerk *clerk);
