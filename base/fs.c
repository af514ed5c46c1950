/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_CHUNK 65536
#define TEMP_SUFFIX ".new"

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool read_to_end(struct buf *out, int fd, const char *path, struct error *err)
{
    struct error full = {0};

    for (;;) {
        unsigned char chunk[READ_CHUNK];
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, E_FILE_READ, path);
        if (n == 0)
            return true;
        if (!buf_add(out, span_of(chunk, (size_t)n), &full))
            return fail(err, full.msg, "%s: %s", path, full.about);
    }
}

bool fs_read_at(struct buf *out, int dir, const char *path, struct error *err)
{
    scoped(fd_close) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return fail_errno(err, E_FILE_READ, path);
    return read_to_end(out, fd, path, err);
}

bool fs_read(struct buf *out, const char *path, struct error *err)
{
    if (text_equal(path, "-"))
        return read_to_end(out, STDIN_FILENO, "standard input", err);
    return fs_read_at(out, AT_FDCWD, path, err);
}

bool fs_read_secret(struct buf *out, int dir, const char *path, struct error *err)
{
    scoped(fd_close) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return fail_errno(err, E_FILE_READ, path);
    if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(err, E_SECRET_OPEN, "%s has mode %04o; mend it with: chmod 600 %s",
                    path, (unsigned)(st.st_mode & 07777), path);
    return read_to_end(out, fd, path, err);
}

bool fs_write_all(int fd, struct span bytes, struct error *err)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.at, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, E_FILE_WRITE, "write");
        bytes = span_after(bytes, (size_t)n);
    }
    return true;
}

bool fs_write_at(int fd, struct span bytes, off_t at, struct error *err)
{
    while (bytes.n > 0) {
        ssize_t n = pwrite(fd, bytes.at, bytes.n, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, E_FILE_WRITE, "write");
        bytes = span_after(bytes, (size_t)n);
        at += n;
    }
    return true;
}

bool fs_sync(int fd, const char *what, struct error *err)
{
    return fsync(fd) == 0 || fail_errno(err, E_FILE_WRITE, what);
}

static bool temp_name(char out[NAME_MAX + 1], const char *name, struct error *err)
{
    int n = snprintf(out, NAME_MAX + 1, "%s" TEMP_SUFFIX, name);

    return n <= NAME_MAX || fail(err, E_FILE_WRITE, "the name %s is too long", name);
}

#define PRIVATE_MODE                                                                       \
    0600 /* which no umask of ours takes from; a dialling worker may not chmod */

static bool write_new(int dir, const char *name, struct span bytes, mode_t mode,
                      struct error *err)
{
    scoped(fd_close) int fd = -1;

    if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
        return fail_errno(err, E_FILE_WRITE, name);
    fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                PRIVATE_MODE);
    if (fd < 0 || (mode != PRIVATE_MODE && fchmod(fd, mode) != 0))
        return fail_errno(err, E_FILE_WRITE, name);
    return fs_write_all(fd, bytes, err) && fs_sync(fd, name, err);
}

bool fs_replace(int dir, const char *name, struct span bytes, mode_t mode,
                struct error *err)
{
    char temp[NAME_MAX + 1];

    if (!temp_name(temp, name, err))
        return false;
    if (!write_new(dir, temp, bytes, mode, err)) {
        unlinkat(dir, temp, 0);
        return false;
    }
    if (renameat(dir, temp, dir, name) != 0) {
        (void)fail_errno(err, E_FILE_WRITE, name);
        unlinkat(dir, temp, 0);
        return false;
    }
    return fs_sync(dir, name, err);
}

bool fs_relink(int dir, const char *name, const char *to, struct error *err)
{
    char temp[NAME_MAX + 1];

    if (!temp_name(temp, name, err))
        return false;
    if (unlinkat(dir, temp, 0) != 0 && errno != ENOENT)
        return fail_errno(err, E_FILE_WRITE, name);
    if (symlinkat(to, dir, temp) != 0 || renameat(dir, temp, dir, name) != 0)
        return fail_errno(err, E_FILE_WRITE, name);
    return fs_sync(dir, name, err);
}

bool fs_rename_new(int dir, const char *from, const char *to, struct error *err)
{
    if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) != 0)
        return fail_errno(err, E_FILE_WRITE, to);
    return fs_sync(dir, to, err);
}

bool fs_open_dir(int *out, int at, const char *path, struct error *err)
{
    *out = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *out >= 0 || fail_errno(err, E_FILE_READ, path);
}

/* The name of a directory is durable when the one above it has been synced. */
static bool make_one(int at, const char *path, mode_t mode, struct error *err)
{
    scoped(fd_close) int above = -1;
    char parent[PATH_MAX];
    char *slash;

    if (mkdirat(at, path, mode) != 0)
        return errno == EEXIST || fail_errno(err, E_FILE_WRITE, path);
    (void)text_fits(parent, path);
    slash = strrchr(parent, '/');
    if (slash == NULL)
        (void)text_fits(parent, ".");
    else
        slash[slash == parent] = '\0';
    return fs_open_dir(&above, at, parent, err) && fs_sync(above, parent, err);
}

bool fs_make_dir(int *out, int at, const char *path, mode_t mode, struct error *err)
{
    char part[PATH_MAX];

    if (!text_fits(part, path))
        return fail(err, E_FILE_WRITE, "a path of more than %d bytes", PATH_MAX - 1);
    for (char *slash = part + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (!make_one(at, part, mode, err))
            return false;
        *slash = '/';
    }
    return make_one(at, part, mode, err) && fs_open_dir(out, at, path, err);
}

DIR *dir_open(int at, const char *path, int flags)
{
    const int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;

    if (list == NULL && fd >= 0)
        close(fd);
    return list;
}

void dir_close(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
    *dir = NULL;
}

const struct dirent *dir_next(DIR *dir)
{
    errno = 0;
    return readdir(dir);
}

bool fs_has(bool *has, int dir, const char *name, struct error *err)
{
    *has = faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    return *has || errno == ENOENT || fail_errno(err, E_FILE_READ, name);
}

/* flock(2) alone can be asked only by taking it. So whoever has it says so by a lock of the
 * other kind, which can be asked, and which a directory takes too when it is for reading.
 */
bool fs_lock(int fd)
{
    struct flock told = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    (void)fcntl(fd, F_OFD_SETLK, &told); /* else it counts all the same, unseen */
    return true;
}

bool fs_is_locked(int fd)
{
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, F_OFD_GETLK, &wanted) == 0 && wanted.l_type != F_UNLCK;
}

bool fs_open_beneath(int *out, int root, const char *path, int flags, mode_t mode,
                     struct error *err)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .mode = (flags & O_CREAT) != 0 ? mode : 0,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                      RESOLVE_NO_MAGICLINKS};

    do
        *out = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    while (*out < 0 && (errno == EINTR || errno == EAGAIN));
    if (*out >= 0)
        return true;
    if (errno == EXDEV || errno == ELOOP)
        return fail(err, E_PATH_ESCAPES, "%s", path);
    return fail_errno(err, (flags & O_ACCMODE) == O_RDONLY ? E_FILE_READ : E_FILE_WRITE,
                      path);
}
