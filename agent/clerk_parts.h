/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the clerk. */
#pragma once

#include "agent/api_task.h"
#include "agent/api_values.h"
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
};

/* A request has come: answer it, or begin what answers it. */
void clerk_begin(struct clerk *clerk, struct window *window);
/* What was begun may have ended, or can begin now. */
void clerk_go_on(struct clerk *clerk, struct window *window);
/* What was begun is ended, and all of it wiped. */
void clerk_reset(struct window *window);
