/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_task.h"

#include "agent/clock.h"
#include "agent/runner.h"
#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"
#define NOT_RUN 126

/* Only what its words name stays open. */
static bool take_descriptors(const struct api_words *words, int out)
{
    const int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (none < 0 || dup2(none, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        return false;
    for (size_t i = 0; i < words->files; i++)
        if (fcntl(words->file[i], F_SETFD, 0) != 0)
            return false;
    return true;
}

/* The program's name, the command's words, what every command is given, then its own. */
struct line {
    char command[64], state[PATH_MAX + 8];
    char *word[ARGS_MAX + 8];
    size_t n;
};

static bool line_make(struct line *out, const struct api_order *order, struct error *err)
{
    static char program[] = "pairgate", json[] = "--json";
    char *rest = NULL;

    if (!text_fits(out->command, order->command))
        return fail(err, E_API_BROKEN, "%s", order->command);
    snprintf(out->state, sizeof(out->state), "--state=%s", order->state);
    out->word[out->n++] = program;
    for (char *word = strtok_r(out->command, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
        out->word[out->n++] = word;
    out->word[out->n++] = json;
    out->word[out->n++] = out->state;
    for (size_t i = 0; i < order->words->n; i++)
        out->word[out->n++] = order->words->word[i];
    return true;
}

/* In a session of its own: no terminal is asked, and one signal reaches all it starts. */
static void stand_alone(pid_t parent)
{
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    runner_take_signals();
    if (getppid() != parent)
        _exit(NOT_RUN);
}

static _Noreturn void become(const struct line *line, const struct api_words *words,
                             int output)
{
    unsetenv("NOTIFY_SOCKET");
    if (take_descriptors(words, output))
        execv(SELF, line->word);
    _exit(NOT_RUN);
}

/* True in the child. */
static bool task_fork(struct api_task *out, unsigned seconds, struct error *err)
{
    const pid_t parent = getpid();

    out->until_ms = seconds > 0 ? clock_steady_ms() + seconds * INT64_C(1000) : INT64_MAX;
    out->pid = fork();
    if (out->pid == 0) {
        stand_alone(parent);
        return true;
    }
    if (out->pid < 0) {
        out->pid = 0;
        fail_errno(err, E_API_BROKEN, "fork");
    }
    return false;
}

bool api_task_start(struct api_task *out, const struct api_order *order, struct error *err)
{
    struct line line = {0};
    int output = order->output;

    *out = (struct api_task){0};
    if (!line_make(&line, order, err))
        return false;
    if (output < 0) {
        output = out->out = memfd_create("printed", MFD_CLOEXEC);
        out->has_out = output >= 0;
    }
    if (output < 0)
        return fail_errno(err, E_API_BROKEN, "memfd_create");
    if (task_fork(out, order->seconds, err))
        become(&line, order->words, output);
    return err->msg == E_NONE;
}

bool api_task_fork(struct api_task *out, int (*work)(const void *at), const void *at,
                   unsigned seconds, struct error *err)
{
    *out = (struct api_task){0};
    if (task_fork(out, seconds, err))
        _exit(work(at));
    return err->msg == E_NONE;
}

bool api_task_has_ended(struct api_task *task)
{
    int how = 0;

    if (task->pid == 0)
        return true;
    if (waitpid(task->pid, &how, WNOHANG) == 0) {
        if (!task->late && clock_steady_ms() >= task->until_ms) {
            task->late = true;
            kill(-task->pid, SIGKILL);
            kill(task->pid, SIGKILL);
        }
        return false;
    }
    task->status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    task->pid = 0;
    return true;
}

bool api_task_read(struct api_task *task, struct buf *out, struct error *err)
{
    ssize_t n;

    for (off_t at = 0;; at += n) {
        unsigned char piece[16 * 1024];

        n = pread(task->out, piece, sizeof(piece), at);
        if (n < 0)
            return fail_errno(err, E_API_BROKEN, "what it printed");
        if (n == 0)
            return true;
        if (!buf_add(out, span_of(piece, (size_t)n), err))
            return false;
    }
}

void api_task_clear(struct api_task *task)
{
    if (task->pid != 0) {
        kill(task->pid, SIGKILL); /* it may have no group of its own yet */
        kill(-task->pid, SIGKILL);
        waitpid(task->pid, NULL, 0);
    }
    if (task->has_out)
        fd_close(&task->out);
    *task = (struct api_task){0};
}
