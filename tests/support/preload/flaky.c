/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD: files and sockets that disappoint (numbers.h). The Nth request fails as
 * `how` says. With number 5, a seed, calls are interrupted, told to come again or cut short
 * at random; number 6 counts those. Standard streams are left alone.
 */
#include "numbers.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum how { READ_FAILS = 1, WRITE_FAILS, DISK_IS_FULL, NETWORK_BREAKS };
enum { SEED = MORE, SPOILT };

/* What a request is, and on what. */
enum kind { FILE_READ = 1, FILE_WRITE = 2, FILE_ROOM = 4, NETWORK = 8, STREAM = 16 };

static const struct {
    int kinds; /* that fail */
    int code;
} hows[] = {
    [READ_FAILS] = {FILE_READ, EIO},
    [WRITE_FAILS] = {FILE_WRITE | FILE_ROOM, EIO},
    [DISK_IS_FULL] = {FILE_ROOM, ENOSPC},
    [NETWORK_BREAKS] = {NETWORK, ECONNRESET},
};

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* What reading, or writing, is on this descriptor; 0: nothing we touch. */
static int kind_of(int fd, int of_file)
{
    const int saved = errno;
    int domain = 0, type = 0, kind = 0;
    socklen_t n = sizeof(int);
    struct stat st;

    if (number != NULL && fd > STDERR_FILENO && fstat(fd, &st) == 0) {
        if (S_ISREG(st.st_mode))
            kind = of_file;
        else if (S_ISFIFO(st.st_mode))
            kind = STREAM;
        else if (S_ISSOCK(st.st_mode) &&
                 getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
                 type == SOCK_STREAM &&
                 getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0)
            kind = domain == AF_UNIX ? STREAM : STREAM | NETWORK;
    }
    errno = saved;
    return kind;
}

static bool fails(int kind)
{
    const unsigned long how = number != NULL ? atomic_load(&number[HOW]) : 0;

    if (how == 0 || how > NETWORK_BREAKS || (kind & hows[how].kinds) == 0 ||
        !is_the_one(false))
        return false;
    errno = hows[how].code;
    return true;
}

/* splitmix64 of the seed and of how many were drawn before. */
static unsigned long draw(void)
{
    static atomic_ulong drawn;
    unsigned long x = atomic_load(&number[SEED]) + (unsigned long)own_role() * 977;

    x += 0x9e3779b97f4a7c15UL * (atomic_fetch_add(&drawn, 1) + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9UL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebUL;
    return x ^ (x >> 31);
}

static bool never_waits(int fd)
{
    const int saved = errno, flags = fcntl(fd, F_GETFL);

    errno = saved;
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

/* True when the call shall end with -1 now; else *n may have become less. */
static bool spoils(int fd, int kind, size_t *n)
{
    const unsigned long seed = number != NULL ? atomic_load(&number[SEED]) : 0;
    const unsigned long lot = seed != 0 && kind != 0 ? draw() : 7;

    if (lot % 8 > 2 || (lot % 8 == 1 && ((kind & STREAM) == 0 || !never_waits(fd))) ||
        (lot % 8 == 2 && *n < 2))
        return false;
    atomic_fetch_add(&number[SPOILT], 1);
    if (lot % 8 == 2) {
        *n = 1 + (lot >> 8) % (*n - 1);
        return false;
    }
    errno = lot % 8 == 0 ? EINTR : EAGAIN;
    return true;
}

#define FLAKY(type, name, of_file, parameters, arguments)                                  \
    type name parameters                                                                   \
    {                                                                                      \
        const int kind = kind_of(fd, of_file);                                             \
                                                                                           \
        if (kind != 0 && (fails(kind) || spoils(fd, kind, &n)))                            \
            return -1;                                                                     \
        return REAL(name) arguments;                                                       \
    }

FLAKY(ssize_t, read, FILE_READ, (int fd, void *bytes, size_t n), (fd, bytes, n))
FLAKY(ssize_t, pread, FILE_READ, (int fd, void *bytes, size_t n, off_t at),
      (fd, bytes, n, at))
FLAKY(ssize_t, pread64, FILE_READ, (int fd, void *bytes, size_t n, off64_t at),
      (fd, bytes, n, at))
FLAKY(ssize_t, write, FILE_ROOM, (int fd, const void *bytes, size_t n), (fd, bytes, n))
FLAKY(ssize_t, pwrite, FILE_ROOM, (int fd, const void *bytes, size_t n, off_t at),
      (fd, bytes, n, at))
FLAKY(ssize_t, pwrite64, FILE_ROOM, (int fd, const void *bytes, size_t n, off64_t at),
      (fd, bytes, n, at))
FLAKY(ssize_t, recv, 0, (int fd, void *bytes, size_t n, int flags), (fd, bytes, n, flags))
FLAKY(ssize_t, send, 0, (int fd, const void *bytes, size_t n, int flags),
      (fd, bytes, n, flags))

#define FAILING(name, kind, parameters, arguments)                                         \
    int name parameters                                                                    \
    {                                                                                      \
        return fails(kind) ? -1 : REAL(name) arguments;                                    \
    }

FAILING(fsync, FILE_WRITE, (int fd), (fd))
FAILING(fdatasync, FILE_WRITE, (int fd), (fd))
FAILING(syncfs, FILE_WRITE, (int fd), (fd))
FAILING(ftruncate, FILE_WRITE, (int fd, off_t n), (fd, n))
FAILING(ftruncate64, FILE_WRITE, (int fd, off64_t n), (fd, n))
FAILING(fallocate, FILE_ROOM, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n))
FAILING(mkdirat, FILE_ROOM, (int dir, const char *path, mode_t mode), (dir, path, mode))
FAILING(symlinkat, FILE_ROOM, (const char *to, int dir, const char *path), (to, dir, path))
FAILING(renameat, FILE_ROOM, (int a, const char *from, int b, const char *to),
        (a, from, b, to))
FAILING(renameat2, FILE_ROOM,
        (int a, const char *from, int b, const char *to, unsigned flags),
        (a, from, b, to, flags))
FAILING(unlinkat, FILE_WRITE, (int dir, const char *path, int flags), (dir, path, flags))

int openat(int dir, const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode = 0;

    if ((flags & O_CREAT) != 0) {
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
        if (fails(FILE_ROOM))
            return -1;
    }
    return REAL(openat)(dir, path, flags, mode);
}

/* An interrupted poll. */
int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    size_t n = 0;

    return spoils(-1, STREAM, &n) ? -1 : REAL(poll)(fds, count, timeout);
}
