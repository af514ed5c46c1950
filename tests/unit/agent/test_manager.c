/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A socket handed over by number 3 is tried by a real service manager in live/96. */
#include "agent/manager.h"
#include "base/fs.h"
#include "base/scope.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void tells(struct sockaddr_un *at, size_t n, const char *variable)
{
    scoped(fd_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char heard[64] = "";

    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)at, (socklen_t)n), 0);
    setenv("NOTIFY_SOCKET", variable, 1);
    manager_tell("READY=1");
    CU_ASSERT_EQUAL(recv(fd, heard, sizeof(heard) - 1, MSG_DONTWAIT), 7);
    CU_ASSERT_STRING_EQUAL(heard, "READY=1");
    unsetenv("NOTIFY_SOCKET");
}

static void a_manager_is_told(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    scratch_make(&scratch);
    snprintf(at.sun_path, sizeof(at.sun_path), "%.90s/notify", scratch.path);
    tells(&at, sizeof(at), at.sun_path);
}

static void one_with_an_abstract_name_too(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char variable[64];

    snprintf(variable, sizeof(variable), "@pairgate-test-%d", (int)getpid());
    memcpy(at.sun_path, variable, strlen(variable));
    at.sun_path[0] = '\0';
    tells(&at, sizeof(sa_family_t) + strlen(variable), variable);
}

static void nobody_is_told_where_there_is_none(void)
{
    unsetenv("NOTIFY_SOCKET");
    manager_tell("READY=1");
    setenv("NOTIFY_SOCKET", "", 1);
    manager_tell("READY=1");
    setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    manager_tell("READY=1");
    unsetenv("NOTIFY_SOCKET");
}

static void a_socket_for_another_process_is_not_ours(void)
{
    struct error err = {0};
    int fd = 0;

    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_PID", "1", 1);
    CU_ASSERT(manager_socket(&fd, &err));
    CU_ASSERT_EQUAL(fd, -1);
    unsetenv("LISTEN_FDS");
    CU_ASSERT(manager_socket(&fd, &err));
    CU_ASSERT_EQUAL(fd, -1);
}

static void more_than_one_socket_is_refused(void)
{
    struct error err = {0};
    char pid[16];
    int fd = 0;

    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "2", 1);
    CU_ASSERT_FALSE(manager_socket(&fd, &err));
    CU_ASSERT_EQUAL(err.msg, E_LISTEN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_manager_is_told),
        TEST(one_with_an_abstract_name_too),
        TEST(nobody_is_told_where_there_is_none),
        TEST(a_socket_for_another_process_is_not_ours),
        TEST(more_than_one_socket_is_refused),
    };

    return run_tests("manager", tests, COUNT(tests));
}
