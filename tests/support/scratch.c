/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/scratch.h"

#include "base/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void stop(const char *what)
{
    perror(what);
    exit(2);
}

void scratch_make(struct scratch *out)
{
    const char *below = getenv("TMPDIR");

    snprintf(out->path, sizeof(out->path), "%s/pairgate-test-XXXXXX",
             below != NULL && below[0] != '\0' ? below : "/tmp");
    if (mkdtemp(out->path) == NULL)
        stop(out->path);
    out->fd = open(out->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->fd < 0)
        stop(out->path);
    out->made = true;
}

void scratch_write(const struct scratch *scratch, const char *name, const char *text)
{
    struct error err = {0};

    if (!fs_replace(scratch->fd, name, span_text(text), 0600, &err))
        stop(name);
}

void scratch_read(char *out, size_t room, const struct scratch *scratch, const char *name)
{
    scoped(buf_clear) struct buf text = buf_upto(room - 1);
    struct error err = {0};

    if (!fs_read_at(&text, scratch->fd, name, &err))
        stop(name);
    if (text.n > 0)
        memcpy(out, text.at, text.n);
    out[text.n] = '\0';
}

bool scratch_has(const struct scratch *scratch, const char *name)
{
    struct stat st;

    return fstatat(scratch->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool scratch_shell(const struct scratch *scratch, const char *command)
{
    char line[2 * PATH_MAX];

    snprintf(line, sizeof(line), "cd '%s' && { %s; } >>log 2>&1", scratch->path, command);
    return system(line) == 0;
}

void scratch_clear(struct scratch *scratch)
{
    struct error err = {0};

    if (!scratch->made)
        return;
    fd_close(&scratch->fd);
    if (!fs_remove_tree(AT_FDCWD, scratch->path, &err))
        fprintf(stderr, "%s is left behind\n", scratch->path);
    scratch->made = false;
}
