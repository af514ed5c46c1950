/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command of ours, run in a process of its own: this program again, with nothing but its
 * words, no input, no terminal, and its standard output in memory. It is ended when its
 * time is over, and with the process that began it.
 */
#pragma once

#include "agent/api_words.h"

#include <stdint.h>
#include <sys/types.h>

#define API_PRINTED_MAX API_ANSWER_MAX

struct api_task {
    pid_t pid; /* 0: nothing runs */
    int out;   /* counts only with a pid, or until api_task_read */
    bool has_out;
    bool late;  /* it was ended because its time was over */
    int status; /* 0 … 255 once it has ended; 128 and the number of a signal */
    int64_t until_ms;
};

/* What is to be run; all of it borrowed while api_task_start runs. */
struct api_order {
    const char *command; /* "trust list" */
    const struct api_words *words;
    const char *state; /* the directory */
    int output;        /* where it prints; -1: into memory */
    unsigned seconds;  /* 0: as long as it takes */
};

must_check bool api_task_start(struct api_task *out, const struct api_order *order,
                               struct error *err);
/* A function of ours instead, in a process that is forked; its result is the status. It
 * must not touch a database that is open here. */
must_check bool api_task_fork(struct api_task *out, int (*work)(const void *at),
                              const void *at, unsigned seconds, struct error *err);
/* True once it has ended; minds its time. */
bool api_task_has_ended(struct api_task *task);
/* What it printed into memory, into an empty buf; once it has ended. */
must_check bool api_task_read(struct api_task *task, struct buf *out, struct error *err);
/* What still runs is ended. */
void api_task_clear(struct api_task *task);
