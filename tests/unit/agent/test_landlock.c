/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each in a child, which cannot get out again. */
#include "agent/landlock.h"
#include "base/scope.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_LANDLOCK 200

struct inside {
    int version;
    int below; /* what may be opened */
};

static int file_read(const struct inside *at)
{
    (void)at;
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno;
}

static int file_made(const struct inside *at)
{
    return openat(at->below, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 ? 0 : errno;
}

static int directory_opened(const struct inside *at)
{
    return openat(at->below, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 ? 0 : errno;
}

/* Nobody listens on these ports: what is let through is refused by the other end. */
static int dial(in_port_t port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ? 0 : errno;
}

static int other_port_dialled(const struct inside *at)
{
    return at->version >= 4 ? dial(9) : EACCES;
}

static int port_dialled(const struct inside *at)
{
    (void)at;
    return dial(1);
}

/* What `what` gives where only `scratch` may be opened so, and only port 1 dialled. */
static int inside(const struct scratch *scratch, enum landlock_may may,
                  int (*what)(const struct inside *at))
{
    static const unsigned ports[] = {1, 0};
    const pid_t child = fork();
    int how = 0;

    if (child == 0) {
        struct inside at = {.below = open(scratch->path, O_PATH | O_CLOEXEC)};
        const struct landlock_path paths[] = {{.at = at.below, .may = may},
                                              {.at = -1, .may = LANDLOCK_CHANGE}};
        struct error err = {0};

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            !landlock_close(&at.version, paths, COUNT(paths), ports, COUNT(ports), &err))
            _exit(99);
        _exit(at.version > 0 ? what(&at) : NO_LANDLOCK);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &how, 0), child);
    return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

/* A kernel without Landlock holds nobody to anything, and says so. */
static void gives(int wanted, enum landlock_may may, int (*what)(const struct inside *at))
{
    scoped(scratch_clear) struct scratch scratch = {0};
    int got;

    scratch_make(&scratch);
    got = inside(&scratch, may, what);
    CU_ASSERT(got == wanted || got == NO_LANDLOCK);
}

static void what_is_not_named_is_not_opened(void)
{
    gives(EACCES, LANDLOCK_CHANGE, file_read);
}

static void what_may_be_read_is_not_changed(void)
{
    gives(0, LANDLOCK_READ, directory_opened);
    gives(EACCES, LANDLOCK_READ, file_made);
}

static void what_may_be_changed_is_changed(void)
{
    gives(0, LANDLOCK_CHANGE, file_made);
}

static void only_the_port_that_is_named_is_dialled(void)
{
    gives(ECONNREFUSED, LANDLOCK_READ, port_dialled);
    gives(EACCES, LANDLOCK_READ, other_port_dialled);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_not_named_is_not_opened),
        TEST(what_may_be_read_is_not_changed),
        TEST(what_may_be_changed_is_changed),
        TEST(only_the_port_that_is_named_is_dialled),
    };

    return run_tests("landlock", tests, COUNT(tests));
}
