/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/runner.h"

#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 20
#define NOT_RUN 126 /* as a shell says it */
#define LAST_LINE_MAX 200

/* A clock that nobody sets. */
static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Standard input from nowhere, output into the pipe, and nothing else of ours. */
static bool take_descriptors(int output)
{
    const int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

    return none >= 0 && dup2(none, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
           dup2(output, STDERR_FILENO) >= 0 && close_range(3, ~0U, 0) == 0;
}

void runner_take_signals(void)
{
    sigset_t none;

    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const struct program *program, pid_t minder)
{
    const char *argv[RUNNER_WORDS_MAX + 2] = {program->path};
    const char *envp[RUNNER_NAMES_MAX + 3] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};

    for (size_t i = 0; i < RUNNER_WORDS_MAX && program->word[i] != NULL; i++)
        argv[i + 1] = program->word[i];
    for (size_t i = 0; i < RUNNER_NAMES_MAX && program->name[i] != NULL; i++)
        envp[i + 2] = program->name[i];
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    runner_take_signals();
    umask(022);
    if (getppid() == minder && chdir("/") == 0)
        execve(program->path, (char *const *)(const void *)argv,
               (char *const *)(const void *)envp);
    dprintf(STDERR_FILENO, "%s: %s\n", program->path, strerror(errno));
    _exit(NOT_RUN);
}

/* Its status, once it has ended; what a failure leaves in its group goes first, while the
 * number of the group is still its own. */
static bool minded(pid_t child, int *status)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != child)
        return false;
    *status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    if (*status != 0)
        kill(-child, SIGKILL);
    waitpid(child, NULL, 0);
    return true;
}

/* SIGTERM comes when the time is over, and when whoever started us has gone. */
static int mind(pid_t child, const sigset_t *all)
{
    int status = NOT_RUN;

    while (!minded(child, &status)) {
        if (sigwaitinfo(all, NULL) == SIGTERM) {
            kill(-child, SIGKILL);
            kill(child, SIGKILL);
        }
    }
    return status;
}

static _Noreturn void become_minder(const struct program *program, int output, pid_t parent)
{
    const pid_t self = getpid();
    sigset_t all;
    pid_t child;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGCHLD, SIG_DFL);
    setpgid(0, 0); /* a signal for our group is not for it */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || !take_descriptors(output))
        _exit(NOT_RUN);
    child = fork();
    if (child < 0)
        _exit(NOT_RUN);
    if (child == 0)
        become(program, self);
    setpgid(child, child);
    _exit(mind(child, &all));
}

bool runner_start(struct runner *out, const struct program *program, struct error *err)
{
    scoped(fd_close) int into = -1;
    const pid_t parent = getpid();
    int ends[2];

    *out = (struct runner){.echo = program->echo, .seconds = program->seconds};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail_errno(err, E_HOOK_FAILED, "pipe");
    into = ends[1];
    out->output = ends[0];
    fcntl(out->output, F_SETFL, O_NONBLOCK);
    fflush(NULL);
    out->begun_ms = now_ms();
    out->minder = fork();
    if (out->minder == 0)
        become_minder(program, into, parent);
    if (out->minder > 0)
        return true;
    out->minder = 0;
    fd_close(&out->output);
    return fail_errno(err, E_HOOK_FAILED, "fork");
}

/* The last bytes are kept: they say why. */
static void keep(struct runner *runner, const unsigned char *bytes, size_t n)
{
    const size_t room = RUNNER_SAID_MAX - n;

    if (runner->n > room) {
        runner->cut = true;
        memmove(runner->said, runner->said + runner->n - room, room);
        runner->n = room;
    }
    memcpy(runner->said + runner->n, bytes, n);
    runner->n += n;
}

static void hear(struct runner *runner)
{
    unsigned char bytes[RUNNER_SAID_MAX / 4];
    ssize_t n;

    for (unsigned i = 0; i < 64; i++) { /* whoever never stops is heard again later */
        n = read(runner->output, bytes, sizeof(bytes));
        if (n <= 0)
            return;
        keep(runner, bytes, (size_t)n);
        if (runner->echo)
            (void)!write(STDERR_FILENO, bytes, (size_t)n);
    }
}

bool runner_has_ended(struct runner *runner)
{
    int status = 0;
    pid_t ended;

    if (runner->minder == 0)
        return true;
    hear(runner);
    ended = waitpid(runner->minder, &status, WNOHANG);
    if (ended == 0) {
        if (!runner->late &&
            now_ms() - runner->begun_ms >= runner->seconds * INT64_C(1000)) {
            runner->late = true;
            kill(runner->minder, SIGTERM);
        }
        return false;
    }
    hear(runner);                                      /* what it said last */
    runner->status = ended != runner->minder ? NOT_RUN /* nobody knows how it ended */
                     : WIFEXITED(status)     ? WEXITSTATUS(status)
                                             : 128 + WTERMSIG(status);
    runner->took_ms = now_ms() - runner->begun_ms;
    runner->minder = 0;
    fd_close(&runner->output);
    return true;
}

void runner_wait(struct runner *runner)
{
    while (!runner_has_ended(runner)) {
        struct pollfd wait = {.fd = runner->output, .events = POLLIN};

        /* A pipe whose writers are gone is always ready. */
        if (poll(&wait, 1, TICK_MS) > 0 && (wait.revents & POLLIN) == 0)
            poll(NULL, 0, TICK_MS);
    }
}

bool runner_succeeded(const struct runner *runner)
{
    return runner->minder == 0 && !runner->late && runner->status == 0;
}

static struct span last_line(const struct runner *runner)
{
    size_t end = runner->n, at;

    while (end > 0 && runner->said[end - 1] == '\n')
        end--;
    at = end;
    while (at > 0 && runner->said[at - 1] != '\n')
        at--;
    return span_of(runner->said + at, end - at);
}

void runner_describe(char *out, size_t room, const struct runner *runner)
{
    char line[LAST_LINE_MAX], how[64];

    if (runner->late)
        snprintf(how, sizeof(how), "took more than %u s and was ended", runner->seconds);
    else
        snprintf(how, sizeof(how), "ended with status %d", runner->status);
    text_printable(line, sizeof(line), last_line(runner));
    snprintf(out, room, "%s%s%s", how, line[0] != '\0' ? ": " : "", line);
}

void runner_clear(struct runner *runner)
{
    if (runner->minder == 0)
        return;
    kill(runner->minder, SIGTERM);
    runner_wait(runner);
}
