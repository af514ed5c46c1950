/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One rename in, one rename back, both redone after a crash; or the staging area goes. */
#include "transfer/receive.h"

#include "base/fs.h"
#include "transfer/disk.h"
#include "transfer/receive_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_MAX 64

/* Inode of the tree that is or was to be renamed, as text; "" when there is none. */
static bool lay_mark(char out[MARK_MAX], int dir, const char *name, struct error *err)
{
    struct stat st;

    out[0] = '\0';
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || disk_fail(err, name);
    if (S_ISDIR(st.st_mode))
        snprintf(out, MARK_MAX, "%llu", (unsigned long long)st.st_ino);
    return true;
}

static bool mark_names(bool *named, const struct receive *receive, int dir,
                       const char *name, struct error *err)
{
    scoped(buf_clear) struct buf mark = buf_upto(MARK_MAX);
    char found[MARK_MAX];

    if (!lay_mark(found, dir, name, err) ||
        !fs_has(named, receive->staging, PUBLISHED_MARK, err))
        return false;
    if (!*named || found[0] == '\0') {
        *named = false;
        return true;
    }
    if (!fs_read_at(&mark, receive->staging, PUBLISHED_MARK, err))
        return false;
    *named = span_equal(buf_span(&mark), span_text(found));
    return true;
}

bool published_already(bool *published, const struct receive *receive, struct error *err)
{
    return mark_names(published, receive, receive->into, receive->name, err);
}

static bool sync_both(const struct receive *receive, struct error *err)
{
    if (fsync(receive->into) != 0 || fsync(receive->staging) != 0)
        return disk_fail(err, receive->name);
    return true;
}

static bool move_in(struct receive *receive, struct error *err)
{
    char mark[MARK_MAX];

    if (!lay_mark(mark, receive->staging, TREE_DIR, err))
        return false;
    if (mark[0] == '\0')
        return fail(err, E_STAGING_BAD, "there is no staged tree");
    if (!disk_replace(receive->staging, PUBLISHED_MARK, span_text(mark), err))
        return false;
    if (renameat2(receive->staging, TREE_DIR, receive->into, receive->name,
                  RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EEXIST && receive->replaces &&
        renameat2(receive->staging, TREE_DIR, receive->into, receive->name,
                  RENAME_EXCHANGE) == 0)
        return true;
    if (errno == EEXIST)
        return fail(err, E_DESTINATION_EXISTS, "%s", receive->name);
    return disk_fail(err, receive->name);
}

/* The root's own mode and time, which the rename needed otherwise or moved; durable as the
 * rest of the tree has been since it was sealed. */
static bool settle_root(struct receive *receive, struct error *err)
{
    scoped(walk_clear) struct walk walk = {0};
    scoped(fd_close) int fd = -1;
    struct settle settle = {0};
    struct error trouble = {0};
    struct entry root;

    walk_begin(&walk, &receive->manifest, 0);
    if (!walk_next(&walk, &root, &trouble)) {
        *err = trouble;
        return fail(err, E_STAGING_BAD, "the manifest is empty");
    }
    return fs_open_beneath(&fd, receive->into, receive->name, O_RDONLY | O_DIRECTORY, 0,
                           err) &&
           settle_directory(&settle, receive->into, receive->name, &root, 0, err) &&
           (fsync(fd) == 0 || disk_fail(err, receive->name));
}

bool restage(const struct receive *receive, struct error *err)
{
    bool named = false;

    if (!mark_names(&named, receive, receive->staging, OLDER_DIR, err))
        return false;
    return !named ||
           renameat2(receive->staging, OLDER_DIR, receive->staging, TREE_DIR,
                     RENAME_NOREPLACE) == 0 ||
           disk_fail(err, TREE_DIR);
}

static bool move_back(struct receive *receive, struct error *err)
{
    bool exchange = false;

    if (!fs_has(&exchange, receive->staging, OLDER_DIR, err))
        return false;
    if (fchmodat(receive->into, receive->name, 0700, 0) != 0)
        return disk_fail(err, receive->name);
    if (renameat2(receive->into, receive->name, receive->staging,
                  exchange ? OLDER_DIR : TREE_DIR,
                  exchange ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0)
        return disk_fail(err, receive->name);
    return restage(receive, err);
}

/* After an exchange `tree` is the older copy, which is called so from then on. */
static bool set_older_aside(const struct receive *receive, struct error *err)
{
    return renameat2(receive->staging, TREE_DIR, receive->staging, OLDER_DIR,
                     RENAME_NOREPLACE) == 0 ||
           errno == ENOENT || disk_fail(err, OLDER_DIR);
}

static bool withdraw(struct receive *receive, struct error *err)
{
    bool published = false;

    if (!published_already(&published, receive, err) ||
        (published && (!set_older_aside(receive, err) || !move_back(receive, err))))
        return false;
    if (!restage(receive, err) || !sync_both(receive, err))
        return false;
    receive->published = false;
    if (receive->tree < 0 && !fs_open_beneath(&receive->tree, receive->staging, TREE_DIR,
                                              O_RDONLY | O_DIRECTORY, 0, err))
        return false;
    return true;
}

static bool publish(struct receive *receive, struct error *err)
{
    bool published = false;

    if (!receive->sealed)
        return fail(err, E_SEGMENTS_MISSING, "not sealed");
    if (!restage(receive, err) || !published_already(&published, receive, err) ||
        (!published && !move_in(receive, err)))
        return false;
    if (!set_older_aside(receive, err) || !settle_root(receive, err) ||
        !sync_both(receive, err)) {
        struct error ignored = {0};

        return withdraw(receive, &ignored) && false; /* all or nothing */
    }
    fd_close(&receive->tree);
    receive->published = true;
    return true;
}

bool receive_may_publish(const struct receive_place *place, struct error *err)
{
    char mark[PATH_MAX];
    bool replaces = false;
    struct stat st;

    if (fstatat(place->into, place->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || fail_errno(err, E_FILE_READ, place->name);
    snprintf(mark, sizeof(mark), STAGING_DIR "/%s/" REPLACES_MARK, place->migration);
    if (!fs_has(&replaces, place->into, mark, err))
        return false;
    return (S_ISDIR(st.st_mode) && replaces) ||
           fail(err, E_DESTINATION_EXISTS, "%s", place->name);
}

bool receive_publish(struct receive *receive, struct error *err)
{
    bool published;

    pthread_mutex_lock(&receive->lock);
    published = publish(receive, err);
    pthread_mutex_unlock(&receive->lock);
    return published;
}

bool receive_withdraw(struct receive *receive, struct error *err)
{
    bool back;

    pthread_mutex_lock(&receive->lock);
    back = withdraw(receive, err);
    pthread_mutex_unlock(&receive->lock);
    return back;
}

/* What was replaced stays, beside the staging areas, until it is pruned. */
static bool leave_older(int above, int staging, const char *migration, struct error *err)
{
    char name[NAME_MAX + 1];

    snprintf(name, sizeof(name), RECEIVE_OLDER "%.200s", migration);
    return renameat2(staging, OLDER_DIR, above, name, RENAME_NOREPLACE) == 0 ||
           errno == ENOENT || disk_fail(err, name);
}

bool receive_discard(struct receive *receive, bool keep, struct error *err)
{
    scoped(fd_close) int above = -1;
    struct error ignored = {0};

    /* What is kept can be moved out of directories that their owner may not change. */
    if (receive->ready && receive->tree >= 0 &&
        !make_directories(receive->tree, &receive->manifest, &ignored))
        ignored = (struct error){0};
    if (!fs_open_beneath(&above, receive->into, STAGING_DIR, O_RDONLY | O_DIRECTORY, 0,
                         err) ||
        (keep && receive->kept[0] != '\0' &&
         !leave_kept(above, receive->staging, receive->generation, receive->kept, err)) ||
        !leave_older(above, receive->staging, receive->migration, err) ||
        !fs_remove_tree(above, receive->migration, err))
        return false;
    unlinkat(receive->into, STAGING_DIR, AT_REMOVEDIR);
    receive_close(receive);
    return true;
}

bool receive_sweep(const struct receive_place *place, struct error *err)
{
    scoped(fd_close) int above =
        openat(place->into, STAGING_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    scoped(fd_close) int staging = -1;
    const char *migration = place->migration;

    if (above < 0)
        return errno == ENOENT || disk_fail(err, STAGING_DIR);
    staging = openat(above, migration, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (staging < 0)
        return errno == ENOENT || disk_fail(err, migration);
    if (flock(staging, LOCK_EX | LOCK_NB) != 0)
        return fail(err, E_STAGING_BUSY, "%s/%s", STAGING_DIR, migration);
    if ((place->kept != NULL &&
         !leave_kept(above, staging, place->generation, place->kept, err)) ||
        !leave_older(above, staging, migration, err) ||
        !fs_remove_tree(above, migration, err))
        return false;
    unlinkat(place->into, STAGING_DIR, AT_REMOVEDIR);
    return true;
}
