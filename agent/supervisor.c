/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/supervisor.h"

#include "agent/clock.h"
#include "agent/office_audit.h"
#include "agent/office_hook.h"
#include "agent/pipe.h"
#include "agent/unheard.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The two channels, a socket at either end. */
struct channels {
    int signer[2];
    int authority[2];
};
enum { OURS, WORKERS };

/* The numbers of the keys between the two. */
enum { AT_SERVER_KEY, AT_CLIENT_KEY };

static bool channels_make(struct channels *out, struct error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out->signer) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out->authority) != 0)
        return fail_errno(err, E_SUPERVISOR, "socketpair");
    return true;
}

static void signals_block(sigset_t *old)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, old);
}

/* What the supervisor holds. */
struct desk {
    struct identity identity;
    struct signer_keys keys; /* of the identity */
    struct office office;
    struct channels *channels;
    int signals;
    pid_t worker;
    bool stopped; /* by a signal */
};

static bool desk_ready(struct desk *desk, struct state *state, const struct duty *duty,
                       struct error *err)
{
    if (!identity_load(&desk->identity, state->fd, true, err) || !state_open_db(state, err))
        return false;
    desk->keys.key[AT_SERVER_KEY] = identity_key(&desk->identity, LEAF_SERVER);
    desk->keys.key[AT_CLIENT_KEY] = identity_key(&desk->identity, LEAF_CLIENT);
    desk->office.db = &state->db;
    desk->office.state = state->fd;
    desk->office.key = identity_key(&desk->identity, LEAF_SERVER);
    desk->office.leaves = identity_leaves(&desk->identity);
    desk->office.is_target = duty->is_target;
    desk->office.hooks = mem_zeroed(1, sizeof(*desk->office.hooks));
    desk->office.hooks->state = state;
    desk->office.hooks->events.json = duty->json;
    desk->office.hooks->look = true;
    if (duty->migration != NULL)
        (void)text_fits(desk->office.hooks->migration, duty->migration);
    if (duty->wish != NULL)
        desk->office.hooks->wish = *duty->wish;
    return !duty->is_target || unheard_sweep(&desk->office, clock_now(), err);
}

static void desk_tell_death(struct desk *desk, int signal)
{
    struct error err = {0}, unwritten = {0};

    fail(&err, signal == SIGSYS ? E_WORKER_STRAYED : E_WORKER_ENDED, "signal %d", signal);
    fprintf(stderr, "pairgate: %s: %s (%s)\n  %s\n", message_of(err.msg)->id,
            message_of(err.msg)->text, err.about, message_of(err.msg)->remedy);
    if (desk->office.db != NULL && !office_audit_death(&desk->office, &err, &unwritten))
        fprintf(stderr, "pairgate: %s: %s\n", message_of(unwritten.msg)->id,
                unwritten.about);
}

/* True when the worker has ended; its status goes to *status. */
static bool desk_signal(struct desk *desk, int *status)
{
    struct signalfd_siginfo info;
    int how = 0;

    if (read(desk->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return false;
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
        desk->stopped = true;
        kill(desk->worker, SIGTERM);
        return false;
    }
    if (waitpid(desk->worker, &how, WNOHANG) != desk->worker)
        return false;
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : 2;
    if (WIFSIGNALED(how) && WTERMSIG(how) != SIGTERM)
        desk_tell_death(desk, WTERMSIG(how));
    return true;
}

static int desk_serve(struct desk *desk)
{
    struct pollfd wait[] = {{.fd = desk->signals, .events = POLLIN},
                            {.fd = desk->channels->signer[OURS], .events = POLLIN},
                            {.fd = desk->channels->authority[OURS], .events = POLLIN}};
    int status = 2;

    for (;;) {
        struct error err = {0};

        office_hook_look(&desk->office);
        if (poll(wait, COUNT(wait), office_hook_sleep_ms(&desk->office)) < 0 &&
            errno != EINTR)
            return 2;
        if (wait[0].revents != 0 && desk_signal(desk, &status))
            return status;
        /* A channel the worker has closed is not asked again; its end comes as a signal. */
        if (wait[1].revents != 0 && !signer_answer(wait[1].fd, &desk->keys, &err))
            wait[1].fd = -1;
        if (wait[2].revents != 0 && !office_answer(&desk->office, wait[2].fd, &err))
            wait[2].fd = -1;
        if (err.msg != E_NONE)
            fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
    }
}

/* A listener that is told to stop leaves its hooks to the next one. A source is thawed in
 * any case. */
static int desk_finish(struct desk *desk, int status)
{
    struct error err = {0};

    if ((desk->stopped && desk->office.is_target) ||
        office_hook_finish(&desk->office, &err))
        return status;
    view_text_failure(stderr, &err);
    return status != 0 ? status : error_exit_status(&err);
}

static _Noreturn void supervise(struct state *state, const struct duty *duty,
                                struct channels *channels, pid_t worker, int signals)
{
    struct desk desk = {.channels = channels, .signals = signals, .worker = worker};
    struct error err = {0};
    int status;

    close(channels->signer[WORKERS]);
    close(channels->authority[WORKERS]);
    prctl(PR_SET_DUMPABLE, 0);
    audit_journal_open();
    (void)!desk_ready(&desk, state, duty, &err);
    /* The worker waits for this, and tells the failure the way the user asked for. */
    (void)!pipe_send(channels->authority[OURS], span_of(&err, sizeof(err)),
                     (struct span){0}, (struct span){0}, &(struct error){0});
    status = desk_serve(&desk);
    if (err.msg == E_NONE) {
        status = desk_finish(&desk, status);
        office_audit_end(&desk.office);
    }
    office_clear(&desk.office);
    office_hook_clear(&desk.office);
    identity_clear(&desk.identity);
    state_close(state);
    exit(status);
}

static bool worker_begin(struct worker *out, struct state *state, struct channels *channels,
                         struct error *err)
{
    struct error refused = {0};
    bool end = false;

    close(channels->signer[OURS]);
    close(channels->authority[OURS]);
    authority_open(&out->authority, channels->authority[WORKERS]);
    if (!signer_open(&out->signer, channels->signer[WORKERS], err) ||
        !pipe_receive(out->authority.socket, &refused, sizeof(refused), &end, err))
        return false;
    if (end || refused.msg != E_NONE) {
        *err = refused;
        return fail(err, E_SUPERVISOR, "it has ended");
    }
    if (!identity_load(&out->identity, state->fd, false, err) ||
        !trust_load(&out->trust, state->fd, err) ||
        !crl_store_load(&out->crls, state->fd, err))
        return false;
    owners_ask_of(authority_owner, &out->authority);
    out->state = state->fd;
    out->identity.key.signer = out->identity.client_key.signer = &out->signer;
    out->identity.key.at_signer = AT_SERVER_KEY;
    out->identity.client_key.at_signer = AT_CLIENT_KEY;
    chain_remember(&out->identity.chain, &(struct chain){0});
    chain_remember(&out->identity.client_chain, &out->identity.chain);
    return true;
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
    return worker_begin(out, state, &channels, err);
}

void worker_was_paired(struct worker *worker)
{
    struct error err = {0};

    if (atomic_exchange(&worker->seen, true))
        return;
    if (!authority_seen(&worker->authority, worker->identity.number, &err))
        fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
}

void worker_clear(struct worker *worker)
{
    identity_clear(&worker->identity);
    trust_clear(&worker->trust);
    held_crls_clear(&worker->crls);
    signer_close(&worker->signer);
    authority_close(&worker->authority);
}
