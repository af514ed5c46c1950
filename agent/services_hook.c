/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running the hook of the integrator. */
#include "agent/clock.h"
#include "agent/services.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_US 20000

static bool is_ours_alone(const struct stat *st)
{
    return (st->st_uid == 0 || st->st_uid == geteuid()) &&
           (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool services_hook_is_good(const struct state *state, struct error *err)
{
    struct stat dir, hook;

    if (fstatat(state->fd, "hooks", &dir, 0) != 0 ||
        fstatat(state->fd, SERVICES_HOOK, &hook, 0) != 0)
        return fail(err, E_HOOK_ABSENT, "%s/" SERVICES_HOOK ": %s", state->dir,
                    strerror(errno));
    if (!S_ISREG(hook.st_mode) || (hook.st_mode & S_IXUSR) == 0)
        return fail(err, E_HOOK_ABSENT, "%s/" SERVICES_HOOK " is not executable",
                    state->dir);
    if (!is_ours_alone(&dir) || !is_ours_alone(&hook))
        return fail(err, E_HOOK_OPEN, "mend it with: chmod go-w '%s/hooks' '%s/%s'",
                    state->dir, state->dir, SERVICES_HOOK);
    return true;
}

/* In the child: nothing of ours but standard error, and an environment of four. */
static void become_hook(const char *dir, const struct services *services,
                        const struct service_step *step)
{
    char path[PATH_MAX + sizeof(SERVICES_HOOK) + 1];
    char home[PATH_MAX + 16], purpose[sizeof(services->purpose) + 20];
    const char *const argv[] = {path, step->verb, step->name, NULL};
    const char *const envp[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                "/sbin:/bin",
                                "LC_ALL=C", home, purpose, NULL};
    const int none = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t all;

    snprintf(path, sizeof(path), "%s/" SERVICES_HOOK, dir);
    snprintf(home, sizeof(home), "PAIRGATE_STATE=%s", dir);
    snprintf(purpose, sizeof(purpose), "PAIRGATE_PURPOSE=%s", services->purpose);
    setpgid(0, 0);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (none < 0 || dup2(none, STDIN_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || close_range(3, ~0U, 0) != 0 ||
        chdir("/") != 0)
        _exit(126);
    umask(022);
    execve(path, (char *const *)(const void *)argv, (char *const *)(const void *)envp);
    _exit(127);
}

/* The status of waitpid, or -1 when its time was over and it was killed. */
static int wait_for(pid_t child)
{
    const int64_t end = clock_ms() + (int64_t)SERVICE_SECONDS * 1000;
    int status = -1;

    while (clock_ms() < end) {
        if (waitpid(child, &status, WNOHANG) != 0)
            return status;
        usleep(POLL_US);
    }
    kill(-child, SIGKILL);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return -1;
}

static bool run_step(const struct services *services, const struct service_step *step,
                     const struct state *state, struct error *err)
{
    char dir[PATH_MAX];
    pid_t child;
    int status;

    if (realpath(state->dir, dir) == NULL)
        return fail_errno(err, E_HOOK_FAILED, state->dir);
    fflush(NULL);
    child = fork();
    if (child < 0)
        return fail_errno(err, E_HOOK_FAILED, "fork");
    if (child == 0)
        become_hook(dir, services, step);
    status = wait_for(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (status == -1)
        return fail(err, E_HOOK_FAILED, "%s %s took more than %d s", step->verb, step->name,
                    SERVICE_SECONDS);
    return fail(err, E_HOOK_FAILED, "%s %s ended with %s %d", step->verb, step->name,
                WIFEXITED(status) ? "status" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

bool services_apply(const struct services *services, const struct state *state,
                    struct error *err)
{
    if (services->n > 0 && !services_hook_is_good(state, err))
        return false;
    for (size_t i = 0; i < services->n; i++)
        if (!run_step(services, &services->step[i], state, err))
            return false;
    return true;
}
