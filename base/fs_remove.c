/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A tree goes with three descriptors however deep it is: into a directory, and back by
 * "..", which must be the one it was: whoever moves a directory away meanwhile leads us
 * nowhere.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    dev_t device;
    ino_t inode;
};

struct removal {
    int fd; /* the directory that is emptied */
    struct place *above;
    size_t n;
};

static void removal_clear(struct removal *removal)
{
    fd_close(&removal->fd);
    mem_free(removal->above);
}

static bool place_of(struct place *out, int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return false;
    *out = (struct place){.device = st.st_dev, .inode = st.st_ino};
    return true;
}

/* A directory that its owner may not read, enter or change is opened to them first. */
static bool open_to_empty(int *out, int dir, const char *name, struct error *err)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct stat st;

    *out = openat(dir, name, flags);
    if (*out < 0 && errno == EACCES &&
        fchmodat(dir, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0)
        *out = openat(dir, name, flags);
    if (*out < 0)
        return fail_errno(err, E_FILE_WRITE, name);
    if (fstat(*out, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU)
        (void)!fchmod(*out, S_IRWXU); /* what cannot be removed says so */
    return true;
}

static bool is_removed(int dir, const char *name, bool *full)
{
    int why;

    *full = false;
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return true;
    why = errno;
    if (why == EISDIR || why == EPERM) {
        if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return true;
        *full = errno == ENOTEMPTY || errno == EEXIST;
        why = errno == ENOTDIR ? why : errno;
    }
    errno = why;
    return false;
}

/* Everything in it, up to the first directory that is not empty: `full` then. */
static bool empty(const struct removal *removal, char full[NAME_MAX + 1], struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(removal->fd, ".", 0);
    const struct dirent *entry;
    bool is_full = false;

    full[0] = '\0';
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, "a directory to remove");
    while ((entry = dir_next(list)) != NULL) {
        if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") ||
            is_removed(removal->fd, entry->d_name, &is_full))
            continue;
        return is_full ? text_copy(full, NAME_MAX + 1, entry->d_name)
                       : fail_errno(err, E_FILE_WRITE, entry->d_name);
    }
    return errno == 0 || fail_errno(err, E_FILE_READ, "a directory to remove");
}

static bool enter(struct removal *removal, const char *name, struct error *err)
{
    int below = -1;

    if (!open_to_empty(&below, removal->fd, name, err))
        return false;
    removal->above = mem_resize(removal->above, removal->n + 1, sizeof(*removal->above));
    if (!place_of(&removal->above[removal->n++], removal->fd)) {
        close(below);
        return fail_errno(err, E_FILE_READ, name);
    }
    close(removal->fd);
    removal->fd = below;
    return true;
}

static bool leave(struct removal *removal, struct error *err)
{
    const struct place *then = &removal->above[--removal->n];
    struct place now = {0};
    const int above = openat(removal->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    close(removal->fd);
    removal->fd = above;
    return (above >= 0 && place_of(&now, above) && now.device == then->device &&
            now.inode == then->inode) ||
           fail(err, E_FILE_WRITE, "a directory was moved while it was removed");
}

bool fs_remove_tree(int dir, const char *name, struct error *err)
{
    scoped(removal_clear) struct removal removal = {.fd = -1};
    char full[NAME_MAX + 1];
    bool is_full;

    if (is_removed(dir, name, &is_full))
        return true;
    if (!is_full)
        return fail_errno(err, E_FILE_WRITE, name);
    if (!open_to_empty(&removal.fd, dir, name, err))
        return false;
    for (;;) {
        if (!empty(&removal, full, err))
            return false;
        if (full[0] == '\0' && removal.n == 0)
            break;
        if (full[0] != '\0' ? !enter(&removal, full, err) : !leave(&removal, err))
            return false;
    }
    return unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT ||
           fail_errno(err, E_FILE_WRITE, name);
}
