/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/outfile.h"

#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_device_or_pipe(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* As /dev/stdout leads there: it would be replaced by a file. */
static bool is_standard_output(const char *path)
{
    struct stat named, out;

    return stat(path, &named) == 0 && fstat(STDOUT_FILENO, &out) == 0 &&
           S_ISREG(named.st_mode) && named.st_dev == out.st_dev &&
           named.st_ino == out.st_ino;
}

static bool write_through(const char *path, struct span bytes, struct error *err)
{
    scoped(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    return fd >= 0 ? fs_write_all(fd, bytes, err) : fail_errno(err, E_FILE_WRITE, path);
}

bool outfile_write(const char *path, struct span bytes, mode_t mode, struct error *err)
{
    scoped(fd_close) int dir = -1;
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX] = ".";

    if (text_equal(path, "-") || is_standard_output(path))
        return fs_write_all(STDOUT_FILENO, bytes, err);
    if (is_device_or_pipe(path))
        return write_through(path, bytes, err);
    if (slash != NULL &&
        !text_copy_span(parent, sizeof(parent),
                        span_of(path, slash == path ? 1 : (size_t)(slash - path))))
        return fail(err, E_FILE_WRITE, "the path is too long");
    return fs_open_dir(&dir, AT_FDCWD, parent, err) &&
           fs_replace(dir, slash != NULL ? slash + 1 : path, bytes, mode, err);
}
