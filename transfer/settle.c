/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/settle.h"

#include "base/fs.h"
#include "base/text.h"
#include "transfer/attrs.h"
#include "transfer/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static void note_not_kept(struct settle *settle, const struct entry *entry)
{
    if (settle->not_kept++ == 0)
        text_copy_span(settle->first_not_kept, sizeof(settle->first_not_kept), entry->path);
}

static uid_t wanted_uid(struct settle *settle, const struct entry *entry)
{
    return owners_uid(&settle->owners, entry->user, entry->uid);
}

static gid_t wanted_gid(struct settle *settle, const struct entry *entry)
{
    return owners_gid(&settle->owners, entry->group, entry->gid);
}

/* Somebody took it away or put another thing there, or it cannot be looked at for now. */
static bool fail_look(struct error *err, const char *name)
{
    const bool changed = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;

    return fail_errno(err, changed ? E_STAGING_BAD : E_FILE_READ, name);
}

/* Who may not give files away keeps what can be kept, and says so. */
static bool set_owner(struct settle *settle, int dir, const char *name,
                      const struct entry *entry, bool *kept, struct error *err)
{
    const uid_t uid = wanted_uid(settle, entry);
    const gid_t gid = wanted_gid(settle, entry);
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_look(err, name);
    if (st.st_uid == uid && st.st_gid == gid)
        return true;
    if (fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    if (errno != EPERM)
        return disk_fail(err, name);
    *kept = st.st_uid == uid;
    if (st.st_gid != gid && fchownat(dir, name, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) != 0)
        *kept = false;
    return true;
}

static bool set_owner_and_attrs(struct settle *settle, int dir, const char *name,
                                const struct entry *entry, struct error *err)
{
    bool owner = true;
    bool attrs = true;

    if (!set_owner(settle, dir, name, entry, &owner, err) ||
        !attrs_write(dir, name, entry->xattrs, &attrs, err))
        return false;
    if (!owner || !attrs)
        note_not_kept(settle, entry);
    return true;
}

/* Owner and attributes, as those of most files are when they have just been written: asked
 * by descriptor, which costs a fraction of asking by name. */
static bool is_right_already(struct settle *settle, int fd, const struct stat *st,
                             const struct entry *entry)
{
    return st->st_uid == wanted_uid(settle, entry) &&
           st->st_gid == wanted_gid(settle, entry) && entry->xattrs.n == 0 &&
           flistxattr(fd, NULL, 0) == 0;
}

static void lay_times(struct timespec out[2], const struct entry *entry)
{
    out[0] = (struct timespec){.tv_nsec = UTIME_OMIT};
    out[1] = (struct timespec){.tv_sec = (time_t)entry->mtime, .tv_nsec = entry->mtime_ns};
}

bool settle_file(struct settle *settle, int fd, int dir, const char *name,
                 const struct entry *entry, struct error *err)
{
    struct timespec times[2];
    struct stat st;
    bool right;

    if (fstat(fd, &st) != 0)
        return fail_errno(err, E_FILE_READ, name);
    if ((uint64_t)st.st_size != entry->size && ftruncate(fd, (off_t)entry->size) != 0)
        return disk_fail(err, name);
    right = is_right_already(settle, fd, &st, entry);
    if (!right && !set_owner_and_attrs(settle, dir, name, entry, err))
        return false;
    right = right && (st.st_mode & 07777) == entry->mode;
    if (!right && fchmod(fd, entry->mode) != 0)
        return disk_fail(err, name);
    lay_times(times, entry);
    return futimens(fd, times) == 0 || disk_fail(err, name);
}

bool settle_is_done(struct settle *settle, int dir, const char *name,
                    const struct entry *entry)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == entry->size && (st.st_mode & 07777) == entry->mode &&
           st.st_uid == wanted_uid(settle, entry) &&
           st.st_gid == wanted_gid(settle, entry) && entry->xattrs.n == 0 &&
           st.st_mtim.tv_sec == entry->mtime &&
           (uint32_t)st.st_mtim.tv_nsec == entry->mtime_ns;
}

bool settle_symlink(struct settle *settle, int dir, const char *name,
                    const struct entry *entry, struct error *err)
{
    struct timespec times[2];

    if (!set_owner_and_attrs(settle, dir, name, entry, err))
        return false;
    lay_times(times, entry);
    return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) == 0 || disk_fail(err, name);
}

bool settle_directory(struct settle *settle, int dir, const char *name,
                      const struct entry *entry, uint32_t extra, struct error *err)
{
    scoped(fd_close) int fd =
        openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct timespec times[2];

    if (fd < 0)
        return fail_look(err, name);
    if (!set_owner_and_attrs(settle, dir, name, entry, err))
        return false;
    lay_times(times, entry);
    if (fchmod(fd, entry->mode | extra) != 0 || futimens(fd, times) != 0)
        return disk_fail(err, name);
    return true;
}
