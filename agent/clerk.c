/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clerk's loop: its windows, its signals. */
#include "agent/clerk.h"

#include "agent/clerk_parts.h"
#include "agent/clock.h"
#include "agent/pipe.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/mem.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TICK_MS 200 /* while a command runs, whose time may be over */

static bool is_busy(const struct window *window)
{
    return window->stage != WINDOW_OPEN;
}

/* False when the worker has closed it, or is not to be understood. */
static bool window_receive(struct clerk *clerk, struct window *window)
{
    struct api_request *request = &window->request;
    struct error err = {0};
    bool end = false;

    if (!pipe_receive(window->end.socket, request, sizeof(*request), &end, &err) || end ||
        !pipe_is_bool(&request->goes_on))
        return false;
    window->body = buf_upto(API_BODY_MAX);
    if (!pipe_receive_bytes(window->end.socket, &window->body, request->body_n, &err)) {
        buf_clear(&window->body);
        return false;
    }
    clerk_begin(clerk, window);
    return true;
}

static void window_close(struct window *window)
{
    clerk_reset(window);
    fd_close(&window->end.socket);
}

static bool signals_open(int *out)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT); /* of a terminal: the supervisor has it too, and says when */
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *out >= 0;
}

static void take_signals(struct clerk *clerk)
{
    struct signalfd_siginfo info;

    while (read(clerk->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        clerk->stopping = clerk->stopping || info.ssi_signo == SIGTERM;
}

/* wait[0] is the signals, wait[i + 1] window i. A busy one says nothing until it was
 * answered. */
static size_t fill_wait(struct pollfd *wait, const struct clerk *clerk, bool *busy)
{
    size_t open = 0;

    wait[0] = (struct pollfd){.fd = clerk->signals, .events = POLLIN};
    *busy = false;
    for (size_t i = 0; i < clerk->n; i++) {
        const struct window *window = &clerk->window[i];

        wait[i + 1] = (struct pollfd){.fd = is_busy(window) ? -1 : window->end.socket,
                                      .events = POLLIN};
        *busy = *busy || is_busy(window);
        open += window->end.socket >= 0;
    }
    return open;
}

static void clerk_turn(struct clerk *clerk, const struct pollfd *wait)
{
    if (wait[0].revents != 0)
        take_signals(clerk);
    for (size_t i = 0; i < clerk->n; i++) {
        struct window *window = &clerk->window[i];

        if (is_busy(window))
            clerk_go_on(clerk, window);
        else if (wait[i + 1].revents != 0 && !window_receive(clerk, window))
            window_close(window);
    }
    for (size_t i = 0; i < clerk->n; i++) /* where a place has become free */
        if (clerk->window[i].stage == WINDOW_WAITS)
            clerk_go_on(clerk, &clerk->window[i]);
}

static void clerk_loop(struct clerk *clerk)
{
    struct pollfd *wait = mem_zeroed(clerk->n + 1, sizeof(*wait));
    bool busy = false, jobs = false;

    while (!clerk->stopping && fill_wait(wait, clerk, &busy) > 0) {
        if (poll(wait, clerk->n + 1, busy || jobs ? TICK_MS : -1) < 0)
            for (size_t i = 0; i <= clerk->n; i++)
                wait[i].revents = 0;
        jobs = clerk_jobs_turn(&clerk->jobs, clerk->state);
        clerk_turn(clerk, wait);
    }
    mem_free(wait);
}

static void windows_open(struct clerk *clerk, const struct window_end *windows)
{
    clerk->window = mem_zeroed(clerk->n, sizeof(*clerk->window));
    for (size_t i = 0; i < clerk->n; i++) {
        clerk->window[i].end = windows[i];
        pipe_lose_patience(windows[i].socket, PIPE_PATIENCE_SECONDS);
    }
}

_Noreturn void clerk_serve(struct state *state, const struct window_end *windows, size_t n)
{
    struct clerk *clerk = mem_zeroed(1, sizeof(*clerk));
    struct error err = {0};

    *clerk = (struct clerk){.state = state, .n = n, .signals = -1};
    prctl(PR_SET_DUMPABLE, 0); /* passwords pass through */
    windows_open(clerk, windows);
    clerk->metrics = mem_zeroed(1, sizeof(*clerk->metrics));
    if (!signals_open(&clerk->signals)) {
        (void)!fail_errno(&err, E_SUPERVISOR, "signalfd");
    } else if (login_open(&clerk->login, &err)) {
        if (state_open_db(state, &err) && job_sweep(&state->db, clock_now(), &err))
            clerk_loop(clerk);
        clerk_record_end(clerk);
        login_close(&clerk->login);
    }
    clerk_jobs_clear(&clerk->jobs, state);
    for (size_t i = 0; i < n; i++)
        if (clerk->window[i].end.socket >= 0)
            window_close(&clerk->window[i]);
    if (err.msg != E_NONE)
        view_text_failure(stderr, &err);
    state_close(state);
    exit(error_exit_status(&err));
}
