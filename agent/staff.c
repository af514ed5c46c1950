/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/staff.h"

#include "agent/bounds.h"
#include "agent/clerk.h"
#include "agent/clock.h"
#include "agent/listen.h"
#include "agent/manage.h"
#include "agent/pipe.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/mem.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKLOG 128
#define END_SECONDS 3
#define WINDOWS_MAX (MANAGE_SEATS + MANAGE_SEATS_LOCAL)
#define KEPT_MAX (WINDOWS_MAX + 8)

/* ---- the local socket ---- */

/* By the descriptor of the directory: the name of a socket is short. */
static bool bind_at(int socket, int dir, const char *name, struct error *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/%s", dir, name);
    return bind(socket, (const struct sockaddr *)&at, sizeof(at)) == 0 ||
           fail_errno(err, E_LISTEN, name);
}

bool manage_sockets_open(struct manage_sockets *out, const struct state *state,
                         const char *address, struct error *err)
{
    char name[64];

    if (address != NULL && !listen_bind(&out->remote, out->address, address, err))
        return false;
    snprintf(name, sizeof(name), MANAGE_SOCKET ".%ld", (long)getpid());
    out->local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->local < 0)
        return fail_errno(err, E_LISTEN, MANAGE_SOCKET);
    (void)unlinkat(state->fd, name, 0);
    if (!bind_at(out->local, state->fd, name, err))
        return false;
    if (fchmodat(state->fd, name, 0600, 0) != 0 || listen(out->local, BACKLOG) != 0 ||
        renameat(state->fd, name, state->fd, MANAGE_SOCKET) != 0)
        return fail_errno(err, E_LISTEN, MANAGE_SOCKET);
    return true;
}

void manage_sockets_close(struct manage_sockets *sockets)
{
    fd_close(&sockets->local);
    fd_close(&sockets->remote);
}

/* ---- who keeps what open ---- */

struct kept {
    int fd[KEPT_MAX];
    size_t n;
};

static void keep(struct kept *kept, int fd)
{
    kept->fd[kept->n++] = fd;
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Everything else but the three standard ones is closed. */
static void close_others(struct kept *kept)
{
    int from = STDERR_FILENO + 1;

    qsort(kept->fd, kept->n, sizeof(*kept->fd), by_number);
    for (size_t i = 0; i < kept->n; i++) {
        if (kept->fd[i] > from)
            close_range((unsigned)from, (unsigned)kept->fd[i] - 1, 0);
        from = kept->fd[i] + 1;
    }
    close_range((unsigned)from, ~0U, 0);
}

/* ---- windows ---- */

struct windows {
    struct window_end clerks[WINDOWS_MAX];
    int workers[WINDOWS_MAX];
    size_t n;
};

static bool windows_add(struct windows *out, size_t n, bool local, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            return fail_errno(err, E_SUPERVISOR, "socketpair");
        out->clerks[out->n] = (struct window_end){.socket = ends[0], .local = local};
        out->workers[out->n++] = ends[1];
    }
    return true;
}

static void windows_close(struct windows *windows)
{
    for (size_t i = 0; i < windows->n; i++) {
        close(windows->clerks[i].socket);
        close(windows->workers[i]);
    }
}

/* ---- the lines between supervisor and remote worker ---- */

struct lines {
    int signer[2];
    int authority[2];
};
enum { OURS, WORKERS };

static bool lines_make(struct lines *out, struct error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out->signer) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out->authority) != 0)
        return fail_errno(err, E_SUPERVISOR, "socketpair");
    return true;
}

/* ---- processes ---- */

/* True in the child. */
static bool member_fork(struct staff *staff, const char *what, bool *failed)
{
    const pid_t parent = getpid();
    const pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(2);
        return true;
    }
    *failed = *failed || pid < 0;
    if (pid > 0) {
        staff->member[staff->n].pid = pid;
        staff->member[staff->n++].what = what;
    }
    return false;
}

static _Noreturn void be_clerk(struct state *state, const struct windows *windows)
{
    struct kept kept = {0};

    keep(&kept, state->fd);
    for (size_t i = 0; i < windows->n; i++)
        keep(&kept, windows->clerks[i].socket);
    close_others(&kept);
    clerk_serve(state, windows->clerks, windows->n);
}

static _Noreturn void be_local(const struct state *state,
                               const struct manage_sockets *sockets, const int *window)
{
    struct manage_place place = {.listening = sockets->local,
                                 .local = true,
                                 .window = window,
                                 .n = MANAGE_SEATS_LOCAL};
    struct kept kept = {0};
    struct stat st;

    place.owner = fstat(state->fd, &st) == 0 ? st.st_uid : 0;
    keep(&kept, place.listening);
    for (size_t i = 0; i < place.n; i++)
        keep(&kept, place.window[i]);
    close_others(&kept);
    manage_serve(&place);
}

/* The supervisor tells first whether it is ready; when it is not, somebody else tells why.
 */
static bool begin_when_ready(struct worker *worker, const struct lines *lines)
{
    struct error refused = {0}, err = {0};
    bool end = false;

    if (!pipe_receive(lines->authority[WORKERS], &refused, sizeof(refused), &end, &err) ||
        end || refused.msg != E_NONE)
        return false;
    if (worker_begin(worker, lines->signer[WORKERS], lines->authority[WORKERS], &err))
        return true;
    view_text_failure(stderr, &err);
    return false;
}

static _Noreturn void be_remote(const struct manage_sockets *sockets, const int *window,
                                const struct lines *lines)
{
    struct worker worker = {0};
    const struct manage_place place = {.listening = sockets->remote,
                                       .window = window,
                                       .n = MANAGE_SEATS,
                                       .worker = &worker};
    struct kept kept = {0};

    keep(&kept, place.listening);
    keep(&kept, lines->signer[WORKERS]);
    keep(&kept, lines->authority[WORKERS]);
    for (size_t i = 0; i < place.n; i++)
        keep(&kept, place.window[i]);
    close_others(&kept);
    if (!begin_when_ready(&worker, lines))
        exit(2);
    manage_serve(&place);
}

static bool remote_begin(struct staff *staff, const struct manage_sockets *sockets,
                         const int *window, bool *failed, struct error *err)
{
    struct lines lines;

    if (!lines_make(&lines, err))
        return false;
    staff->asker = staff->n;
    if (member_fork(staff, "the worker of --manage", failed))
        be_remote(sockets, window, &lines);
    close(lines.signer[WORKERS]);
    close(lines.authority[WORKERS]);
    pipe_lose_patience(lines.signer[OURS], PIPE_PATIENCE_SECONDS);
    pipe_lose_patience(lines.authority[OURS], PIPE_PATIENCE_SECONDS);
    staff->signer = lines.signer[OURS];
    staff->authority = lines.authority[OURS];
    return true;
}

/* The windows of the remote worker come first. */
bool staff_begin(struct staff *out, struct state *state, struct manage_sockets *sockets,
                 struct error *err)
{
    scoped(windows_close) struct windows windows = {0};
    const size_t remote = sockets->remote >= 0 ? MANAGE_SEATS : 0;
    bool failed = false;

    *out = (struct staff){.signer = -1, .authority = -1};
    if (!windows_add(&windows, remote, false, err) ||
        !windows_add(&windows, MANAGE_SEATS_LOCAL, true, err))
        return false;
    fflush(NULL);
    if (member_fork(out, "the clerk", &failed))
        be_clerk(state, &windows);
    if (member_fork(out, "the worker of " MANAGE_SOCKET, &failed))
        be_local(state, sockets, windows.workers + remote);
    if (remote > 0 && !remote_begin(out, sockets, windows.workers, &failed, err))
        return false;
    manage_sockets_close(sockets);
    return !failed || fail_errno(err, E_SUPERVISOR, "fork");
}

bool staff_ready(struct staff *staff, struct state *state, const struct error *why,
                 struct error *err)
{
    if (staff->authority < 0)
        return true;
    staff->custody.state = state->fd;
    staff->office = (struct office){
        .db = &state->db, .custody = &staff->custody, .credentials_only = true};
    return pipe_send(staff->authority, span_of(why, sizeof(*why)), (struct span){0},
                     (struct span){0}, err);
}

const char *staff_ended(struct staff *staff, int *status)
{
    for (size_t i = 0; i < staff->n; i++) {
        if (staff->member[i].pid == 0 ||
            waitpid(staff->member[i].pid, status, WNOHANG) != staff->member[i].pid)
            continue;
        staff->member[i].pid = 0;
        return staff->member[i].what;
    }
    return NULL;
}

pid_t staff_asker(const struct staff *staff)
{
    return staff->authority >= 0 ? staff->member[staff->asker].pid : 0;
}

static bool all_ended(struct staff *staff)
{
    int status;

    while (staff_ended(staff, &status) != NULL)
        ;
    for (size_t i = 0; i < staff->n; i++)
        if (staff->member[i].pid != 0)
            return false;
    return true;
}

static void signal_all(const struct staff *staff, int signal)
{
    for (size_t i = 0; i < staff->n; i++)
        if (staff->member[i].pid != 0)
            kill(staff->member[i].pid, signal);
}

void staff_end(struct staff *staff)
{
    const int64_t until = clock_steady_ms() + END_SECONDS * 1000;

    signal_all(staff, SIGTERM);
    while (!all_ended(staff) && clock_steady_ms() < until)
        (void)!poll(NULL, 0, 10);
    signal_all(staff, SIGKILL);
    while (!all_ended(staff))
        (void)!poll(NULL, 0, 10);
    fd_close(&staff->signer);
    fd_close(&staff->authority);
    office_clear(&staff->office);
    custody_clear(&staff->custody);
}
