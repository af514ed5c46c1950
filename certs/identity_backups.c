/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The identities that are not current: listed, pruned, swept. */
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/identity_disk.h"
#include "certs/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void identities_clear(struct identities *identities)
{
    for (size_t i = 0; i < identities->n; i++)
        identity_clear(&identities->item[i]);
    mem_free(identities->item);
    *identities = (struct identities){0};
}

static int newest_first(const void *a, const void *b)
{
    const struct identity *one = a, *two = b;

    return one->number < two->number ? 1 : -1;
}

static bool list_numbers(struct identities *out, int identities, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(identities, ".", 0);
    const struct dirent *entry;

    if (list == NULL)
        return fail_errno(err, E_FILE_READ, IDENTITY_DIR);
    while ((entry = dir_next(list)) != NULL) {
        const unsigned number = identity_number_of(entry->d_name);

        if (number == 0)
            continue;
        if (out->n == IDENTITIES_MAX)
            return fail(err, E_TOO_LARGE, "more than %d identities", IDENTITIES_MAX);
        out->item = mem_resize(out->item, out->n + 1, sizeof(*out->item));
        out->item[out->n++] = (struct identity){.number = number};
    }
    if (errno != 0)
        return fail_errno(err, E_FILE_READ, IDENTITY_DIR);
    if (out->n > 0)
        qsort(out->item, out->n, sizeof(*out->item), newest_first);
    return true;
}

bool identities_load(struct identities *out, int state, struct error *err)
{
    scoped(fd_close) int identities = -1;

    if (!identities_open(&identities, state, err) || !list_numbers(out, identities, err))
        return false;
    for (size_t i = 0; i < out->n; i++) {
        struct identity *item = &out->item[i];
        const unsigned number = item->number;
        struct error damage = {0};

        if (identity_load_number(item, state, number, false, &damage))
            continue;
        identity_clear(item);
        item->number = number;
        (void)text_fits(item->reason, damage.about);
    }
    return true;
}

/* Out of sight at once, then gone; a kill in between leaves a name that is swept. */
static bool remove_folder(int identities, unsigned number, struct error *err)
{
    char name[NAME_ROOM], aside[NAME_ROOM + sizeof(".old")];

    snprintf(name, sizeof(name), "%u", number);
    snprintf(aside, sizeof(aside), "%s.old", name);
    return fs_rename_new(identities, name, aside, err) &&
           fs_remove_tree(identities, aside, err) && fs_sync(identities, name, err);
}

static bool may_prune(int state, struct error *err)
{
    scoped(identity_clear) struct identity now = {0};
    struct identity_rollback rollback = {0};

    if (!identity_rollback_read(&rollback, state, err))
        return false;
    if (rollback.pending)
        return fail(err, E_ROLLBACK_PENDING, "identity %u goes back to %u", rollback.number,
                    rollback.back);
    if (!identity_load(&now, state, false, err))
        return false;
    return now.seen != 0 || fail(err, E_IDENTITY_UNSEEN, "identity %u", now.number);
}

bool identity_prune(size_t *removed, int state, size_t keep, struct error *err)
{
    scoped(identities_clear) struct identities all = {0};
    scoped(fd_close) int identities = -1;
    unsigned current = 0;
    size_t others = 0;

    *removed = 0;
    if (!identities_open(&identities, state, err) ||
        !current_read(&current, identities, err) || !list_numbers(&all, identities, err))
        return false;
    if (all.n <= keep + 1)
        return true;
    if (!may_prune(state, err))
        return false;
    for (size_t i = 0; i < all.n; i++) {
        if (all.item[i].number == current || others++ < keep)
            continue;
        if (!remove_folder(identities, all.item[i].number, err))
            return false;
        ++*removed;
    }
    return true;
}

bool identity_mark_seen(int state, unsigned number, time_t now, struct error *err)
{
    scoped(buf_clear) struct buf note = buf_upto(NOTES_MAX);
    scoped(fd_close) int dir = -1;
    scoped(fd_close) int fd = -1;
    char path[sizeof(IDENTITY_DIR) + NAME_ROOM];

    snprintf(path, sizeof(path), IDENTITY_DIR "/%u", number);
    if (!fs_open_dir(&dir, state, path, err))
        return false;
    fd = openat(dir, SEEN_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return true;
    if (fd < 0)
        return fail_errno(err, E_FILE_WRITE, SEEN_FILE);
    return notes_add_time(&note, "seen", now, err) &&
           fs_write_all(fd, buf_span(&note), err) && fs_sync(fd, SEEN_FILE, err) &&
           fs_sync(dir, SEEN_FILE, err);
}

static bool is_left_over(const char *name)
{
    return text_ends(name, ".new") || text_ends(name, ".old");
}

/* Half-written files inside a folder: fs_replace leaves at most one of each name. */
static bool sweep_folder(int identities, const char *name, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(identities, name, O_NOFOLLOW);
    const struct dirent *entry;

    if (list == NULL)
        return true; /* no folder, or one that only its owner can mend */
    while ((entry = dir_next(list)) != NULL)
        if (is_left_over(entry->d_name) && !fs_remove_tree(dirfd(list), entry->d_name, err))
            return false;
    return errno == 0 || fail_errno(err, E_FILE_READ, name);
}

bool identity_sweep(int state, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, IDENTITY_DIR, O_NOFOLLOW);
    struct identity_rollback rollback = {0};
    struct error damaged = {0};
    const struct dirent *entry;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, IDENTITY_DIR);
    while ((entry = dir_next(list)) != NULL) {
        if (is_left_over(entry->d_name) && !fs_remove_tree(dirfd(list), entry->d_name, err))
            return false;
        if (identity_number_of(entry->d_name) != 0 &&
            !sweep_folder(dirfd(list), entry->d_name, err))
            return false;
    }
    if (errno != 0)
        return fail_errno(err, E_FILE_READ, IDENTITY_DIR);
    if (identity_rollback_read(&rollback, state, &damaged) && !rollback.pending)
        (void)unlinkat(dirfd(list), ROLLBACK_FILE, 0);
    return true;
}
