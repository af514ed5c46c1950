/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Executables of the integrator, run with nothing of ours but what is named: a clean
 * environment, no input, no descriptors, a process group of its own, bounded in time and in
 * what is kept of its output. Between us and the executable stands a minder, a process that
 * ends the whole group when its time is over, when it failed, and when we are gone without
 * a word.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

#define RUNNER_SAID_MAX 4096 /* the last bytes of its output, which say why */
#define RUNNER_WORDS_MAX 4
#define RUNNER_NAMES_MAX 16

/* What is to be run. Borrowed while runner_start runs. */
struct program {
    const char *path;                   /* absolute */
    const char *word[RUNNER_WORDS_MAX]; /* arguments, NULL behind the last */
    const char *name[RUNNER_NAMES_MAX]; /* "NAME=value" beside PATH and LC_ALL; the same */
    unsigned seconds;
    bool echo; /* its output goes to our standard error too, as it comes */
};

struct runner {
    pid_t minder; /* 0: nothing runs */
    int output;   /* counts only with a minder */
    bool echo;
    unsigned seconds;
    int64_t begun_ms;
    int64_t took_ms; /* once it has ended */
    bool late;       /* it was ended because its time was over */
    int status;      /* 0 … 255 once it has ended; 128 and the number of a signal */
    unsigned char said[RUNNER_SAID_MAX];
    size_t n;
    bool cut; /* it said more than that */
};

/* In a child, before it becomes another program: all signals as that one expects them. */
void runner_take_signals(void);

must_check bool runner_start(struct runner *out, const struct program *program,
                             struct error *err);
/* Take up what it said, mind its time. True once it has ended. */
bool runner_has_ended(struct runner *runner);
/* Until it has ended. */
void runner_wait(struct runner *runner);
/* It ended by itself with status 0. */
bool runner_succeeded(const struct runner *runner);
/* "ended with status 3: its last line", for people; what it said is escaped. */
void runner_describe(char *out, size_t room, const struct runner *runner);
/* What still runs is ended, its group too. */
void runner_clear(struct runner *runner);
