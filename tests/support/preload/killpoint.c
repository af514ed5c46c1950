/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD: kill -9 at the Nth call that changes a file system, N in KILLPOINT. The
 * call is not made; of a write half is. What is written to the standard streams does not
 * count.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_ulong calls;

static bool is_the_one(void)
{
    const char *text = getenv("KILLPOINT");

    /* No environment yet: a sanitizer makes the directory of its log. */
    return text != NULL && atomic_fetch_add(&calls, 1) + 1 == strtoul(text, NULL, 10);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define KILLPOINT(type, name, parameters, arguments)                                       \
    type name parameters                                                                   \
    {                                                                                      \
        if (is_the_one())                                                                  \
            die();                                                                         \
        return REAL(name) arguments;                                                       \
    }

KILLPOINT(int, fsync, (int fd), (fd))
KILLPOINT(int, fdatasync, (int fd), (fd))
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
