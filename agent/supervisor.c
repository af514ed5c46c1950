/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/supervisor.h"

#include "agent/clock.h"
#include "agent/custody.h"
#include "agent/office_audit.h"
#include "agent/office_hook.h"
#include "agent/pipe.h"
#include "agent/staff.h"
#include "agent/unheard.h"
#include "agent/upkeep.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 1000
#define HUNG_UP_MS 5000 /* that a process may take to end without its channels */
#define LEAVE_MS 40000  /* the same when all end: more than a worker may take for that */

/* The two channels, a socket at either end. */
struct channels {
    int signer[2];
    int authority[2];
};
enum { OURS, WORKERS };

static bool channels_make(struct channels *out, struct error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out->signer) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out->authority) != 0)
        return fail_errno(err, E_SUPERVISOR, "socketpair");
    return true;
}

static void signals_block(sigset_t *old)
{
    struct sigaction hangup = {0};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigaction(SIGHUP, NULL, &hangup);
    if (hangup.sa_handler != SIG_IGN) /* under nohup it stays ignored */
        sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, old);
}

/* Who asks us over channels: the worker, and the one of --manage. */
struct asker {
    int64_t hung_up_ms; /* when a channel came to its end; 0: all are there */
    bool strayed;       /* it went on without */
};

/* What the supervisor holds. */
struct desk {
    struct custody custody;
    struct upkeep upkeep;
    struct office office;
    struct channels *channels;
    int signals;
    pid_t worker;
    struct staff staff; /* of the management API */
    bool short_handed;  /* one of them has ended */
    bool stopping;      /* the worker was told to end */
    struct asker asks, staff_asks;
};

static struct hook_desk *hooks_make(const struct state *state, const struct duty *duty)
{
    struct hook_desk *hooks = mem_zeroed(1, sizeof(*hooks));

    hooks->state = state;
    hooks->events.json = duty->json;
    hooks->look = true;
    if (duty->migration != NULL)
        (void)text_fits(hooks->migration, duty->migration);
    if (duty->wish != NULL)
        hooks->wish = *duty->wish;
    return hooks;
}

static bool desk_ready(struct desk *desk, struct state *state, const struct duty *duty,
                       struct error *err)
{
    desk->custody.state = state->fd;
    desk->upkeep.state = state;
    if (!state_open_db(state, err))
        return false;
    upkeep_tick(&desk->upkeep, clock_now());
    if (!custody_renew(&desk->custody, NULL, 0, clock_now(), err))
        return false;
    desk->office.db = &state->db;
    desk->office.custody = &desk->custody;
    office_take_newest(&desk->office);
    desk->office.is_target = duty->is_target;
    desk->custody.keys.sides = duty->is_target ? SIGNER_TARGET : SIGNER_SOURCE;
    if (!duty->hookless)
        desk->office.hooks = hooks_make(state, duty);
    return !duty->is_target || unheard_sweep(&desk->office, clock_now(), err);
}

static void desk_tell_death(struct desk *desk, const char *what, int status, bool strayed)
{
    struct error err = {0}, unwritten = {0};

    if (WIFSIGNALED(status))
        fail(&err,
             WTERMSIG(status) == SIGSYS || strayed ? E_WORKER_STRAYED : E_WORKER_ENDED,
             "%s: signal %d", what, WTERMSIG(status));
    else
        fail(&err, E_WORKER_ENDED, "%s: status %d", what, WEXITSTATUS(status));
    fprintf(stderr, "pairgate: %s: %s (%s)\n  %s\n", message_of(err.msg)->id,
            message_of(err.msg)->text, err.about, message_of(err.msg)->remedy);
    if (desk->office.db != NULL && !office_audit_death(&desk->office, &err, &unwritten))
        fprintf(stderr, "pairgate: %s: %s\n", message_of(unwritten.msg)->id,
                unwritten.about);
}

/* One of the staff has ended, which nobody asked for: so does all. A signal to all of the
 * processes may end them before we ask. */
static bool desk_lacks_staff(struct desk *desk)
{
    const pid_t asker = staff_asker(&desk->staff);
    int how = 0;
    const char *what = staff_ended(&desk->staff, &how);

    if (what == NULL || desk->stopping)
        return false;
    desk_tell_death(desk, what, how,
                    desk->staff_asks.strayed && staff_asker(&desk->staff) != asker);
    kill(desk->worker, SIGTERM);
    return true;
}

/* True when the worker has ended; its status goes to *status. */
static bool desk_signal(struct desk *desk, int *status)
{
    struct signalfd_siginfo info;
    int how = 0;

    if (read(desk->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return false;
    if (info.ssi_signo != SIGCHLD) {
        desk->stopping = true;
        kill(desk->worker, SIGTERM);
        return false;
    }
    desk->short_handed = desk_lacks_staff(desk) || desk->short_handed;
    if (waitpid(desk->worker, &how, WNOHANG) != desk->worker)
        return false;
    *status = WIFEXITED(how) && !desk->short_handed ? WEXITSTATUS(how) : 2;
    if (WIFSIGNALED(how) && !desk->stopping)
        desk_tell_death(desk, "the worker", how, desk->asks.strayed);
    return true;
}

/* Until the next look after the state, or sooner for a hook that runs. */
static int desk_sleep_ms(struct desk *desk)
{
    const int hook = office_hook_sleep_ms(&desk->office);

    return hook >= 0 && hook < TICK_MS ? hook : TICK_MS;
}

/* It is not asked again: the end of its process comes as a signal. */
static void hang_up(struct asker *asker, struct pollfd *channel)
{
    channel->fd = -1;
    if (asker->hung_up_ms == 0)
        asker->hung_up_ms = clock_steady_ms();
}

/* A worker that stops half way through a message, takes no answer or says nothing sensible,
 * and goes on, is none of ours any more. When all end, it may have closed them itself. */
static void desk_ends_stray(const struct desk *desk, struct asker *asker, pid_t pid)
{
    const int64_t may_take = desk->stopping || desk->short_handed ? LEAVE_MS : HUNG_UP_MS;

    if (pid == 0 || asker->hung_up_ms == 0 || asker->strayed ||
        clock_steady_ms() - asker->hung_up_ms < may_take)
        return;
    asker->strayed = true;
    kill(pid, SIGKILL);
}

/* Each channel of a worker has its own kind of question. */
static void desk_answer(struct desk *desk, struct pollfd *wait, struct error *err)
{
    if (wait[1].revents != 0 && !signer_answer(wait[1].fd, &desk->custody.keys, err))
        hang_up(&desk->asks, &wait[1]);
    if (wait[2].revents != 0 && !office_answer(&desk->office, wait[2].fd, err))
        hang_up(&desk->asks, &wait[2]);
    if (wait[3].revents != 0 && !signer_answer(wait[3].fd, &desk->staff.custody.keys, err))
        hang_up(&desk->staff_asks, &wait[3]);
    if (wait[4].revents != 0 && !office_answer(&desk->staff.office, wait[4].fd, err))
        hang_up(&desk->staff_asks, &wait[4]);
    desk_ends_stray(desk, &desk->asks, desk->worker);
    desk_ends_stray(desk, &desk->staff_asks, staff_asker(&desk->staff));
}

static int desk_serve(struct desk *desk)
{
    struct pollfd wait[] = {{.fd = desk->signals, .events = POLLIN},
                            {.fd = desk->channels->signer[OURS], .events = POLLIN},
                            {.fd = desk->channels->authority[OURS], .events = POLLIN},
                            {.fd = desk->staff.signer, .events = POLLIN},
                            {.fd = desk->staff.authority, .events = POLLIN}};
    int status = 2;

    for (;;) {
        struct error err = {0};

        office_hook_look(&desk->office);
        if (poll(wait, COUNT(wait), desk_sleep_ms(desk)) < 0) {
            if (errno == EINTR)
                continue; /* what was ready before is not asked again */
            return 2;
        }
        if (wait[0].revents != 0 && desk_signal(desk, &status))
            return status;
        desk_answer(desk, wait, &err);
        if (err.msg != E_NONE)
            fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
        if (desk->office.db !=
            NULL) /* else it has failed, and the worker is about to end */
            upkeep_tick(&desk->upkeep, clock_now());
    }
}

#define LOCKED_BYTES (4UL * CREDENTIALS_BYTES_MAX) /* more than it ever has mapped */

/* The key is in no core and not in swap. With less allowed than may be needed, an
 * allocation would fail one day: then nothing is locked. */
static void memory_keep(void)
{
    struct rlimit limit;

    prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_max >= LOCKED_BYTES) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0)
            (void)!mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    }
}

/* A listener that is told to stop leaves its hooks to the next one. A source is thawed in
 * any case. */
static int desk_finish(struct desk *desk, int status)
{
    struct error err = {0};

    if ((desk->stopping && desk->office.is_target) ||
        office_hook_finish(&desk->office, &err))
        return status;
    view_text_failure(stderr, &err);
    return status != 0 ? status : error_exit_status(&err);
}

static _Noreturn void supervise(struct state *state, const struct duty *duty,
                                struct channels *channels, pid_t worker, int signals)
{
    struct desk desk = {.channels = channels,
                        .signals = signals,
                        .worker = worker,
                        .staff = {.signer = -1, .authority = -1}};
    struct error err = {0};
    int status;

    close(channels->signer[WORKERS]);
    close(channels->authority[WORKERS]);
    pipe_lose_patience(channels->signer[OURS], PIPE_PATIENCE_SECONDS);
    pipe_lose_patience(channels->authority[OURS], PIPE_PATIENCE_SECONDS);
    if (duty->manage == NULL || staff_begin(&desk.staff, state, duty->manage, &err)) {
        memory_keep();
        audit_journal_open();
        (void)!desk_ready(&desk, state, duty, &err);
    }
    /* The worker waits for this, and tells the failure the way the user asked for. */
    (void)!pipe_send(channels->authority[OURS], span_of(&err, sizeof(err)),
                     (struct span){0}, (struct span){0}, &(struct error){0});
    (void)!staff_ready(&desk.staff, state, &err, &(struct error){0});
    status = desk_serve(&desk);
    staff_end(&desk.staff);
    if (err.msg == E_NONE) {
        status = desk_finish(&desk, status);
        office_audit_end(&desk.office);
    }
    office_clear(&desk.office);
    office_hook_clear(&desk.office);
    custody_clear(&desk.custody);
    state_close(state);
    exit(status);
}

/* The supervisor tells first whether it is ready. */
static bool worker_part(struct worker *out, struct channels *channels, struct error *err)
{
    struct error refused = {0};
    bool end = false;

    close(channels->signer[OURS]);
    close(channels->authority[OURS]);
    if (!pipe_receive(channels->authority[WORKERS], &refused, sizeof(refused), &end, err))
        return false;
    if (end || refused.msg != E_NONE) {
        *err = refused;
        return fail(err, E_SUPERVISOR, "it has ended");
    }
    return worker_begin(out, channels->signer[WORKERS], channels->authority[WORKERS], err);
}

bool supervisor_part(struct worker *out, struct state *state, const struct duty *duty,
                     struct error *err)
{
    struct channels channels;
    sigset_t old, mine;
    pid_t parent = getpid(), worker;
    int signals;

    if (!channels_make(&channels, err))
        return false;
    signals_block(&old);
    fflush(NULL);
    worker = fork();
    if (worker < 0)
        return fail_errno(err, E_SUPERVISOR, "fork");
    if (worker > 0) {
        sigprocmask(SIG_SETMASK, NULL, &mine);
        signals = signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
        supervise(state, duty, &channels, worker, signals);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(2);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (duty->manage != NULL)
        manage_sockets_close(duty->manage);
    return worker_part(out, &channels, err);
}
