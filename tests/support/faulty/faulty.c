/* SPDX-License-Identifier: GPL-3.0-or-later */
#undef _FORTIFY_SOURCE /* whose functions of these names are others */
#include "tests/support/faulty/faulty.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

static atomic_bool counting, failed;
static atomic_ulong calls, wanted;
static const char *_Atomic name_of_failed = "";

void fault_at(unsigned long n)
{
    atomic_store(&calls, 0);
    atomic_store(&wanted, n);
    atomic_store(&failed, false);
    atomic_store(&counting, true);
}

bool fault_over(void)
{
    atomic_store(&counting, false);
    return atomic_load(&failed);
}

unsigned long fault_calls(void)
{
    return atomic_load(&calls);
}

const char *fault_name(void)
{
    return atomic_load(&name_of_failed);
}

static bool fails(const char *name)
{
    if (!atomic_load(&counting) || atomic_fetch_add(&calls, 1) + 1 != atomic_load(&wanted))
        return false;
    atomic_store(&failed, true);
    atomic_store(&name_of_failed, name);
    errno = EIO;
    return true;
}

#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

/* clang-format off */
#define FAULTY(type, name, none, parameters, arguments)                                    \
    type name parameters;                                                                  \
    type name parameters                                                                   \
    {                                                                                      \
        return fails(#name) ? (none) : REAL(name) arguments;                               \
    }

#define FAULTY_FD(type, name, parameters, arguments)                                       \
    type name parameters;                                                                  \
    type name parameters                                                                   \
    {                                                                                      \
        return fd > STDERR_FILENO && fails(#name) ? -1 : REAL(name) arguments;             \
    }

#define FAULTY_OPEN(name, parameters, ...)                                                 \
    int name parameters;                                                                   \
    int name parameters                                                                    \
    {                                                                                      \
        mode_t mode = 0;                                                                   \
        va_list more;                                                                      \
                                                                                           \
        va_start(more, flags);                                                             \
        if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE)                    \
            mode = va_arg(more, mode_t);                                                   \
        va_end(more);                                                                      \
        return fails(#name) ? -1 : REAL(name)(__VA_ARGS__, flags, mode);                   \
    }

FAULTY_OPEN(open, (const char *path, int flags, ...), path)
FAULTY_OPEN(open64, (const char *path, int flags, ...), path)
FAULTY_OPEN(openat, (int dir, const char *path, int flags, ...), dir, path)

FAULTY_FD(ssize_t, read, (int fd, void *bytes, size_t n), (fd, bytes, n))
FAULTY_FD(ssize_t, pread, (int fd, void *bytes, size_t n, off_t at), (fd, bytes, n, at))
FAULTY_FD(ssize_t, pread64, (int fd, void *bytes, size_t n, off64_t at), (fd, bytes, n, at))
FAULTY_FD(ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n))
FAULTY_FD(ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at), (fd, bytes, n, at))
FAULTY_FD(ssize_t, pwrite64, (int fd, const void *bytes, size_t n, off64_t at),
          (fd, bytes, n, at))
FAULTY_FD(int, fsync, (int fd), (fd))
FAULTY_FD(int, fdatasync, (int fd), (fd))
FAULTY_FD(int, syncfs, (int fd), (fd))
FAULTY_FD(int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n))
FAULTY_FD(int, ftruncate, (int fd, off_t n), (fd, n))
FAULTY_FD(int, ftruncate64, (int fd, off64_t n), (fd, n))
FAULTY_FD(int, fstat, (int fd, struct stat *st), (fd, st))
FAULTY_FD(int, fchmod, (int fd, mode_t mode), (fd, mode))
FAULTY_FD(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
FAULTY_FD(int, futimens, (int fd, const struct timespec at[2]), (fd, at))
FAULTY_FD(off_t, lseek, (int fd, off_t at, int from), (fd, at, from))
FAULTY_FD(ssize_t, fgetxattr, (int fd, const char *name, void *value, size_t n),
          (fd, name, value, n))
FAULTY_FD(ssize_t, flistxattr, (int fd, char *names, size_t n), (fd, names, n))
FAULTY_FD(int, fsetxattr, (int fd, const char *name, const void *value, size_t n, int flags),
          (fd, name, value, n, flags))

FAULTY(int, fstatat, -1, (int dir, const char *path, struct stat *st, int flags),
       (dir, path, st, flags))
FAULTY(int, faccessat, -1, (int dir, const char *path, int mode, int flags),
       (dir, path, mode, flags))
FAULTY(int, mkdirat, -1, (int dir, const char *path, mode_t mode), (dir, path, mode))
FAULTY(int, mknodat, -1, (int dir, const char *path, mode_t mode, dev_t device),
       (dir, path, mode, device))
FAULTY(int, unlinkat, -1, (int dir, const char *path, int flags), (dir, path, flags))
FAULTY(int, renameat, -1, (int from, const char *old, int to, const char *new),
       (from, old, to, new))
FAULTY(int, renameat2, -1,
       (int from, const char *old, int to, const char *new, unsigned flags),
       (from, old, to, new, flags))
FAULTY(int, linkat, -1, (int from, const char *old, int to, const char *new, int flags),
       (from, old, to, new, flags))
FAULTY(int, symlinkat, -1, (const char *old, int to, const char *new), (old, to, new))
FAULTY(ssize_t, readlinkat, -1, (int dir, const char *path, char *out, size_t n),
       (dir, path, out, n))
FAULTY(int, fchmodat, -1, (int dir, const char *path, mode_t mode, int flags),
       (dir, path, mode, flags))
FAULTY(int, fchownat, -1, (int dir, const char *path, uid_t uid, gid_t gid, int flags),
       (dir, path, uid, gid, flags))
FAULTY(int, utimensat, -1,
       (int dir, const char *path, const struct timespec at[2], int flags),
       (dir, path, at, flags))
FAULTY(int, chmod, -1, (const char *path, mode_t mode), (path, mode))
FAULTY(ssize_t, lgetxattr, -1, (const char *path, const char *name, void *value, size_t n),
       (path, name, value, n))
FAULTY(ssize_t, llistxattr, -1, (const char *path, char *names, size_t n), (path, names, n))
FAULTY(int, lsetxattr, -1,
       (const char *path, const char *name, const void *value, size_t n, int flags),
       (path, name, value, n, flags))
FAULTY(DIR *, fdopendir, NULL, (int fd), (fd))
FAULTY(struct dirent *, readdir, NULL, (DIR *dir), (dir))
/* clang-format on */

/* openat2 alone: the C library has no function for it. More words are taken than came, as
 * the C library does it. */
__attribute__((no_sanitize_address)) long syscall(long number, ...)
{
    long word[6];
    va_list more;

    va_start(more, number);
    for (size_t i = 0; i < 6; i++)
        word[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_openat2 && fails("openat2"))
        return -1;
    return REAL(syscall)(number, word[0], word[1], word[2], word[3], word[4], word[5]);
}
