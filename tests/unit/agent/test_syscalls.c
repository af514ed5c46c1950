/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each in a child, which cannot get out again. */
#include "agent/syscalls.h"
#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sanitizers trace and read what the filter forbids. */
#ifdef PAIRGATE_SANITIZED
#define CAN_FILTER false
#else
#define CAN_FILTER (prctl(PR_GET_SECCOMP) >= 0)
#endif

static int connected(void)
{
    const struct sockaddr to = {.sa_family = AF_INET};

    return connect(-1, &to, sizeof(to)) == 0 ? 0 : errno;
}

static int stream_made(void)
{
    return socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0 ? 0 : errno;
}

static int datagram_made(void)
{
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 ? 0 : errno;
}

static int local_made(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ? 0 : errno;
}

static int mode_set(void)
{
    return fchmod(-1, 0777) == 0 ? 0 : errno;
}

static int process_looked_for(void)
{
    return kill(getpid(), 0) == 0 ? 0 : errno;
}

static int process_killed(void)
{
    return kill(getpid(), SIGUSR1) == 0 ? 0 : errno;
}

static int process_made(void)
{
    if (fork() == 0)
        _exit(0);
    return 0;
}

static int inside(enum syscalls_of of, int (*what)(void))
{
    const pid_t child = fork();
    int how = 0;

    if (child == 0) {
        struct error err = {0};
        bool closed = false;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            !syscalls_close(&closed, of, &err) || !closed)
            _exit(99);
        _exit(what());
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &how, 0), child);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
}

struct row {
    int (*what)(void);
    int gives[3]; /* by enum syscalls_of: 0, an errno, or the signal that ended it, negative
                   */
};

static void each_worker_makes_what_it_needs(void)
{
    static const struct row rows[] = {
        {connected, {-SIGSYS, EBADF, EBADF}},
        {stream_made, {ENOSYS, 0, 0}},
        {datagram_made, {ENOSYS, ENOSYS, 0}},
        {local_made, {ENOSYS, ENOSYS, ENOSYS}},
        {mode_set, {EBADF, ENOSYS, ENOSYS}},
        {process_looked_for, {-SIGSYS, 0, 0}},
        {process_killed, {-SIGSYS, -SIGSYS, -SIGSYS}},
        {process_made, {-SIGSYS, -SIGSYS, -SIGSYS}},
    };

    for (size_t i = 0; CAN_FILTER && i < COUNT(rows); i++)
        for (int of = SYSCALLS_LISTENER; of <= SYSCALLS_DIALLER_BY_NAME; of++)
            CU_ASSERT_EQUAL(inside((enum syscalls_of)of, rows[i].what), rows[i].gives[of]);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_worker_makes_what_it_needs),
    };

    return run_tests("syscalls", tests, COUNT(tests));
}
