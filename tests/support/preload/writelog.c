/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD: what every process does to files, in the order in which it is done, with
 * contents and syncs, in the file WRITELOG (a sparse one, made by `truncate`). All calls
 * that change a file system wait for one another, so the order of the records is the truth.
 * Objects are named by device and inode: the reader knows which directories it cares for.
 * A program that is only started to leave a record is told so: WRITELOG_ROOT=DIR names a
 * directory from which on objects are cared for, WRITELOG_LABEL=TEXT says where we are.
 *
 * Owners and extended attributes are not kept, nor what is written through a mapping:
 * SQLite's shared memory, which is made anew after a crash.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* As tests/support/powercut/log.py reads them. */
enum kind {
    ROOT = 1,
    LABEL,
    CREATE,
    MKDIR,
    SYMLINK,
    LINK,
    UNLINK,
    RENAME,
    EXCHANGE,
    WRITE,
    TRUNCATE,
    PUNCH,
    MODE,
    TIME,
    FSYNC,
    FDATASYNC,
    SYNCFS
};

struct record {
    uint32_t kind;
    uint32_t mode;
    uint64_t object;     /* what it is about */
    uint64_t dir, other; /* where its name stands; where another name stands */
    int64_t at, n;
    uint32_t name_n, other_n, data_n;
    uint32_t zero;
}; /* the two names and the data follow, then zeros up to a multiple of 8 */

struct journal {
    pthread_mutex_t lock;
    uint64_t ready;
    uint64_t used; /* bytes of records */
};
#define HEAD_BYTES 4096

static struct journal *journal;
static uint64_t room;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void give_up(const char *why)
{
    dprintf(STDERR_FILENO, "writelog: %s\n", why);
    abort();
}

static void lock(void)
{
    if (journal != NULL && pthread_mutex_lock(&journal->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&journal->lock);
}

/* The call's errno is the caller's. */
static void unlock(void)
{
    const int saved = errno;

    if (journal != NULL)
        pthread_mutex_unlock(&journal->lock);
    errno = saved;
}

static void keep(struct record record, const char *name, const char *other,
                 const void *data)
{
    unsigned char *to;
    uint64_t n;

    if (journal == NULL)
        return;
    to = (unsigned char *)journal + HEAD_BYTES + journal->used;
    record.name_n = name != NULL ? (uint32_t)strlen(name) : 0;
    record.other_n = other != NULL ? (uint32_t)strlen(other) : 0;
    n = sizeof(record) + record.name_n + record.other_n + record.data_n;
    n = (n + 7) / 8 * 8;
    if (HEAD_BYTES + journal->used + n > room)
        give_up("the log is full");
    memcpy(to, &record, sizeof(record));
    to += sizeof(record);
    if (name != NULL)
        memcpy(to, name, record.name_n);
    if (other != NULL)
        memcpy(to + record.name_n, other, record.other_n);
    if (record.data_n > 0)
        memcpy(to + record.name_n + record.other_n, data, record.data_n);
    journal->used += n;
}

static uint64_t id_of(const struct stat *st)
{
    return (uint64_t)st->st_dev << 40 ^ (uint64_t)st->st_ino;
}

static uint64_t id_at(int dir, const char *path, int flags)
{
    struct stat st;

    return REAL(fstatat)(dir, path, &st, flags) == 0 ? id_of(&st) : 0;
}

static uint64_t id_of_file(int fd)
{
    struct stat st;

    return fd > STDERR_FILENO && fstat(fd, &st) == 0 &&
                   (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
               ? id_of(&st)
               : 0;
}

/* A path as the directory that the last name stands in, and that name. */
struct place {
    uint64_t dir;
    char path[PATH_MAX];
    const char *name;
};

static void find(struct place *out, int dir, const char *path)
{
    char *slash;

    snprintf(out->path, sizeof(out->path), "%s", path);
    slash = strrchr(out->path, '/');
    if (slash == NULL) {
        out->name = out->path;
        out->dir = id_at(dir, ".", 0);
        return;
    }
    *slash = '\0';
    out->name = slash + 1;
    out->dir = id_at(dir, slash == out->path ? "/" : out->path, 0);
}

/* A name that is new: of what, and where a symbolic link leads. */
static void keep_made(enum kind kind, int dir, const char *path, const char *to)
{
    struct place place;
    struct stat st;

    find(&place, dir, path);
    if (REAL(fstatat)(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
        keep((struct record){.kind = kind,
                             .mode = st.st_mode & 07777,
                             .object = id_of(&st),
                             .dir = place.dir,
                             .data_n = to != NULL ? (uint32_t)strlen(to) : 0},
             place.name, NULL, to);
}

static void keep_unlinked(int dir, const char *path)
{
    struct place place;

    find(&place, dir, path);
    keep((struct record){.kind = UNLINK, .dir = place.dir}, place.name, NULL, NULL);
}

static void keep_moved(enum kind kind, uint64_t object, int a, const char *from, int b,
                       const char *to)
{
    struct place one, two;

    find(&one, a, from);
    find(&two, b, to);
    keep((struct record){.kind = kind, .object = object, .dir = one.dir, .other = two.dir},
         one.name, two.name, NULL);
}

static void keep_data(enum kind kind, int fd, int64_t at, int64_t n, const void *data)
{
    const uint64_t object = id_of_file(fd);

    if (object != 0)
        keep((struct record){.kind = kind,
                             .object = object,
                             .at = at,
                             .n = n,
                             .data_n = data != NULL ? (uint32_t)n : 0},
             NULL, NULL, data);
}

/* The first process makes the lock. */
static void begin_journal(void)
{
    pthread_mutexattr_t shared;

    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&journal->lock, &shared);
    journal->ready = 1;
}

static void keep_words(void)
{
    const char *root = getenv("WRITELOG_ROOT"), *label = getenv("WRITELOG_LABEL");

    lock();
    if (root != NULL)
        keep((struct record){.kind = ROOT, .object = id_at(AT_FDCWD, root, 0)}, root, NULL,
             NULL);
    if (label != NULL)
        keep((struct record){.kind = LABEL}, label, NULL, NULL);
    unlock();
}

__attribute__((constructor)) static void open_journal(void)
{
    const char *path = getenv("WRITELOG");
    struct stat st;
    int fd;

    if (path == NULL)
        return;
    fd = REAL(open)(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || flock(fd, LOCK_EX) != 0)
        give_up("no log");
    room = (uint64_t)st.st_size;
    journal = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (journal == MAP_FAILED)
        give_up("no room for the log");
    if (journal->ready == 0)
        begin_journal();
    flock(fd, LOCK_UN); /* the mapping keeps the file open */
    close(fd);
    keep_words();
}

/* ---- files ---- */

static int open_and_keep(int dir, const char *path, int flags, mode_t mode)
{
    bool was;
    int fd;

    if ((flags & (O_CREAT | O_TRUNC)) == 0)
        return REAL(openat)(dir, path, flags, mode);
    lock();
    was = id_at(dir, path, 0) != 0;
    fd = REAL(openat)(dir, path, flags, mode);
    if (fd >= 0 && !was)
        keep_made(CREATE, dir, path, NULL);
    else if (fd >= 0 && (flags & O_TRUNC) != 0)
        keep_data(TRUNCATE, fd, 0, 0, NULL);
    unlock();
    return fd;
}

#define OPEN(name, parameters, dir)                                                        \
    int name parameters                                                                    \
    {                                                                                      \
        mode_t mode = 0;                                                                   \
        va_list rest;                                                                      \
                                                                                           \
        va_start(rest, flags);                                                             \
        if ((flags & O_CREAT) != 0)                                                        \
            mode = va_arg(rest, mode_t);                                                   \
        va_end(rest);                                                                      \
        return open_and_keep(dir, path, flags, mode);                                      \
    }

OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int dir, const char *path, int flags, ...), dir)
OPEN(openat64, (int dir, const char *path, int flags, ...), dir)

/* A call, and what is kept of it when it did not fail. */
#define KEPT(type, name, parameters, arguments, what)                                      \
    type name parameters                                                                   \
    {                                                                                      \
        type result;                                                                       \
                                                                                           \
        lock();                                                                            \
        result = REAL(name) arguments;                                                     \
        if (result >= 0)                                                                   \
            what;                                                                          \
        unlock();                                                                          \
        return result;                                                                     \
    }

KEPT(ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at), (fd, bytes, n, at),
     keep_data(WRITE, fd, at, result, bytes))
KEPT(ssize_t, pwrite64, (int fd, const void *bytes, size_t n, off64_t at),
     (fd, bytes, n, at), keep_data(WRITE, fd, at, result, bytes))
KEPT(int, ftruncate, (int fd, off_t n), (fd, n), keep_data(TRUNCATE, fd, 0, n, NULL))
KEPT(int, ftruncate64, (int fd, off64_t n), (fd, n), keep_data(TRUNCATE, fd, 0, n, NULL))
KEPT(int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n),
     keep_data(PUNCH, fd, at, n, NULL))
KEPT(int, fsync, (int fd), (fd), keep_data(FSYNC, fd, 0, 0, NULL))
KEPT(int, fdatasync, (int fd), (fd), keep_data(FDATASYNC, fd, 0, 0, NULL))
KEPT(int, syncfs, (int fd), (fd), keep_data(SYNCFS, fd, 0, 0, NULL))

/* A pipe may be full: nobody waits for that. */
ssize_t write(int fd, const void *bytes, size_t n)
{
    const bool kept = id_of_file(fd) != 0;
    ssize_t result;

    if (!kept)
        return REAL(write)(fd, bytes, n);
    lock();
    result = REAL(write)(fd, bytes, n);
    if (result >= 0)
        keep_data(WRITE, fd, lseek(fd, 0, SEEK_CUR) - result, result, bytes);
    unlock();
    return result;
}

/* ---- modes and times ---- */

static void keep_mode(uint64_t object, mode_t mode)
{
    keep((struct record){.kind = MODE, .object = object, .mode = mode & 07777}, NULL, NULL,
         NULL);
}

/* A time of now is as good as none. */
static void keep_time(uint64_t object, const struct timespec *times)
{
    if (times == NULL || times[1].tv_nsec == UTIME_NOW || times[1].tv_nsec == UTIME_OMIT)
        return;
    keep(
        (struct record){
            .kind = TIME, .object = object, .at = times[1].tv_sec, .n = times[1].tv_nsec},
        NULL, NULL, NULL);
}

KEPT(int, fchmod, (int fd, mode_t mode), (fd, mode), keep_mode(id_of_file(fd), mode))
KEPT(int, chmod, (const char *path, mode_t mode), (path, mode),
     keep_mode(id_at(AT_FDCWD, path, 0), mode))
KEPT(int, fchmodat, (int dir, const char *path, mode_t mode, int flags),
     (dir, path, mode, flags), keep_mode(id_at(dir, path, flags), mode))
KEPT(int, futimens, (int fd, const struct timespec times[2]), (fd, times),
     keep_time(id_of_file(fd), times))
KEPT(int, utimensat, (int dir, const char *path, const struct timespec times[2], int flags),
     (dir, path, times, flags), keep_time(id_at(dir, path, flags), times))

/* ---- names ---- */

KEPT(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode),
     keep_made(MKDIR, dir, path, NULL))
KEPT(int, symlinkat, (const char *to, int dir, const char *path), (to, dir, path),
     keep_made(SYMLINK, dir, path, to))
KEPT(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags),
     keep_unlinked(dir, path))
KEPT(int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags), keep_made(LINK, b, to, NULL))
KEPT(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
     (a, from, b, to, flags),
     keep_moved((flags & RENAME_EXCHANGE) != 0 ? EXCHANGE : RENAME,
                id_at(b, to, AT_SYMLINK_NOFOLLOW), a, from, b, to))

int renameat(int a, const char *from, int b, const char *to)
{
    return renameat2(a, from, b, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
