/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD: kill -9 at the Nth call that changes a file system, N in KILLPOINT. The
 * call is not made; of a write half is. What is written to the standard streams does not
 * count.
 *
 * With KILLPOINT_COUNTS, a file, messages count too: everything that is sent or received on
 * a socket. The first process (an agent's supervisor) and those it forks (its worker) are
 * then counted apart, as two numbers in that file, and KILLPOINT_ROLE says whose Nth call
 * it is: supervisor or worker.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum role { SUPERVISOR, WORKER, ROLES };

static atomic_ulong calls;
static atomic_ulong *counts; /* ROLES of them, shared; NULL: without KILLPOINT_COUNTS */
static pid_t first;
static enum role wanted;

static bool is_the_one(void)
{
    const char *text = getenv("KILLPOINT");
    const enum role role = getpid() == first ? SUPERVISOR : WORKER;
    unsigned long n;

    /* No environment yet: a sanitizer makes the directory of its log. */
    if (text == NULL)
        return false;
    n = atomic_fetch_add(counts != NULL ? &counts[role] : &calls, 1) + 1;
    return n == strtoul(text, NULL, 10) && (counts == NULL || role == wanted);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A sanitizer's runtime comes before this: it has its own. */
__attribute__((constructor)) static void open_counts(void)
{
    const char *path = getenv("KILLPOINT_COUNTS"), *role = getenv("KILLPOINT_ROLE");
    int fd;

    if (path == NULL)
        return;
    first = getpid();
    wanted = role != NULL && role[0] == 'w' ? WORKER : SUPERVISOR;
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || (counts = mmap(NULL, ROLES * sizeof(*counts), PROT_READ | PROT_WRITE,
                                 MAP_SHARED, fd, 0)) == MAP_FAILED)
        abort();
    REAL(close)(fd);
}

static int type_of(int fd)
{
    int type = 0;
    socklen_t n = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 ? type : 0;
}

static bool is_message(int fd)
{
    return counts != NULL && type_of(fd) != 0;
}

#define KILLPOINT(type, name, parameters, arguments)                                       \
    type name parameters                                                                   \
    {                                                                                      \
        if (is_the_one())                                                                  \
            die();                                                                         \
        return REAL(name) arguments;                                                       \
    }

#define KILLPOINT_MESSAGE(name, parameters, arguments)                                     \
    ssize_t name parameters                                                                \
    {                                                                                      \
        if (is_message(fd) && is_the_one())                                                \
            die();                                                                         \
        return REAL(name) arguments;                                                       \
    }

KILLPOINT_MESSAGE(read, (int fd, void *bytes, size_t n), (fd, bytes, n))
KILLPOINT_MESSAGE(recv, (int fd, void *bytes, size_t n, int flags), (fd, bytes, n, flags))
KILLPOINT_MESSAGE(recvmsg, (int fd, struct msghdr *message, int flags),
                  (fd, message, flags))
KILLPOINT_MESSAGE(sendto,
                  (int fd, const void *bytes, size_t n, int flags,
                   const struct sockaddr *to, socklen_t to_n),
                  (fd, bytes, n, flags, to, to_n))
KILLPOINT_MESSAGE(sendmsg, (int fd, const struct msghdr *message, int flags),
                  (fd, message, flags))

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
    if (is_message(fd) && is_the_one()) {
        if (type_of(fd) == SOCK_STREAM)
            (void)!REAL(send)(fd, bytes, n / 2, flags);
        die();
    }
    return REAL(send)(fd, bytes, n, flags);
}

KILLPOINT(int, fsync, (int fd), (fd))
KILLPOINT(int, fdatasync, (int fd), (fd))
/* What only receiving and databases do. */
#define KILLPOINT_MORE(type, name, parameters, arguments)                                  \
    type name parameters                                                                   \
    {                                                                                      \
        if (counts != NULL && is_the_one())                                                \
            die();                                                                         \
        return REAL(name) arguments;                                                       \
    }

KILLPOINT_MORE(int, syncfs, (int fd), (fd))
KILLPOINT_MORE(int, ftruncate64, (int fd, off64_t n), (fd, n))
KILLPOINT_MORE(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
KILLPOINT_MORE(int, utimensat,
               (int dir, const char *path, const struct timespec times[2], int flags),
               (dir, path, times, flags))
KILLPOINT_MORE(int, fchownat, (int dir, const char *path, uid_t uid, gid_t gid, int flags),
               (dir, path, uid, gid, flags))
KILLPOINT_MORE(int, fchmodat, (int dir, const char *path, mode_t mode, int flags),
               (dir, path, mode, flags))
KILLPOINT_MORE(int, lsetxattr,
               (const char *path, const char *name, const void *value, size_t n, int flags),
               (path, name, value, n, flags))
KILLPOINT(int, fchmod, (int fd, mode_t mode), (fd, mode))
KILLPOINT(int, ftruncate, (int fd, off_t n), (fd, n))
KILLPOINT(int, mkdir, (const char *path, mode_t mode), (path, mode))
KILLPOINT(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
KILLPOINT(int, rename, (const char *from, const char *to), (from, to))
KILLPOINT(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
KILLPOINT(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
          (a, from, b, to, flags))
KILLPOINT(int, symlinkat, (const char *to, int dir, const char *path), (to, dir, path))
KILLPOINT(int, linkat, (int a, const char *from, int b, const char *to, int flags),
          (a, from, b, to, flags))
KILLPOINT(int, unlink, (const char *path), (path))
KILLPOINT(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (fd > STDERR_FILENO && is_the_one()) {
        (void)!REAL(write)(fd, bytes, n / 2);
        die();
    }
    return REAL(write)(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    if (is_the_one()) {
        (void)!REAL(pwrite)(fd, bytes, n / 2, at);
        die();
    }
    return REAL(pwrite)(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    if (counts != NULL && is_the_one()) {
        (void)!REAL(pwrite64)(fd, bytes, n / 2, at);
        die();
    }
    return REAL(pwrite64)(fd, bytes, n, at);
}

int openat(int dir, const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list rest;

    if ((flags & O_CREAT) == 0)
        return REAL(openat)(dir, path, flags);
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    if (is_the_one())
        die();
    return REAL(openat)(dir, path, flags, mode);
}
