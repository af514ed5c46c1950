/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/outfile.h"

#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

bool outfile_write(const char *path, struct span bytes, mode_t mode, struct error *err)
{
    scoped(fd_close) int dir = -1;
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX] = ".";

    if (text_equal(path, "-"))
        return fs_write_all(STDOUT_FILENO, bytes, err);
    if (slash != NULL &&
        !text_copy_span(parent, sizeof(parent),
                        span_of(path, slash == path ? 1 : (size_t)(slash - path))))
        return fail(err, E_FILE_WRITE, "the path is too long");
    return fs_open_dir(&dir, AT_FDCWD, parent, err) &&
           fs_replace(dir, slash != NULL ? slash + 1 : path, bytes, mode, err);
}
