/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/listing.h"

#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "transfer/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PREFIX "new-"
#define NAME_BYTES 48

/* Files of a migration that only its transfer needs. */
static const char *const of_listings[] = {"manifest-", "digests-", "changed-", "listed-"};

static void own_name(char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, MIGRATIONS_DIR "/" PREFIX "%ld", (long)getpid());
}

/* "new-123": left by this process, or by one that is no more. */
static bool is_left_over(const char *name)
{
    long pid = text_starts(name, PREFIX) ? strtol(name + sizeof(PREFIX) - 1, NULL, 10) : 0;

    return pid > 0 && (pid == getpid() || (kill((pid_t)pid, 0) != 0 && errno == ESRCH));
}

void listing_sweep(int state)
{
    scoped(dir_close) DIR *dir = dir_open(state, MIGRATIONS_DIR, 0);
    const struct dirent *entry;
    struct error why = {0};

    while (dir != NULL && (entry = dir_next(dir)) != NULL)
        if (is_left_over(entry->d_name))
            (void)!fs_remove_tree(dirfd(dir), entry->d_name, &why);
    if (errno != 0 && errno != ENOENT)
        fail_errno(&why, E_FILE_READ, MIGRATIONS_DIR);
    if (why.msg != E_NONE)
        view_text_failure(stderr, &why);
}

static bool is_of_listings(const char *name)
{
    for (size_t i = 0; i < COUNT(of_listings); i++)
        if (text_starts(name, of_listings[i]))
            return true;
    return false;
}

bool listing_drop(int state, const char *migration, struct error *err)
{
    scoped(dir_close) DIR *dir = NULL;
    char path[MIGRATION_ID_MAX + sizeof(MIGRATIONS_DIR) + 1];
    const struct dirent *entry;

    snprintf(path, sizeof(path), MIGRATIONS_DIR "/%s", migration);
    dir = dir_open(state, path, 0);
    if (dir == NULL)
        return errno == ENOENT || fail_errno(err, E_FILE_READ, path);
    while ((entry = dir_next(dir)) != NULL)
        if (is_of_listings(entry->d_name) &&
            !fs_remove_tree(dirfd(dir), entry->d_name, err))
            return false;
    return errno == 0 || fail_errno(err, E_FILE_READ, path);
}

static int64_t estimate(uint64_t bytes, uint64_t limit)
{
    uint64_t rate = limit > 0 && limit < RATE_ASSUMED ? limit : RATE_ASSUMED;

    return (int64_t)(bytes / rate) + SECONDS_ASSUMED;
}

/* What a whole listing in `work` says about the time. */
static bool listed_seconds(int64_t *out, int work, int root, const struct move_plan *plan,
                           enum digest_kind kind, struct error *err)
{
    scoped(send_close) struct send listed = {0};

    if (!send_open(&listed, work, root, 1, kind, err))
        return false;
    *out = estimate(listed.manifest.sum.bytes, plan->limit);
    return true;
}

static bool open_tree(int *out, const struct move_plan *plan, struct error *err)
{
    *out = open(plan->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *out >= 0 || fail_errno(err, E_FILE_READ, plan->tree);
}

bool listing_make(int state, const struct move_plan *plan, enum digest_kind kind,
                  struct report *findings, int64_t *seconds, struct error *err)
{
    scoped(fd_close) int work = -1;
    scoped(fd_close) int root = -1;
    struct scan scan = {.generation = 1, .kind = kind, .wish = &plan->wish};
    struct scanned scanned;
    char name[NAME_BYTES];

    listing_sweep(state);
    own_name(name);
    if (!fs_remove_tree(state, name, err) || !open_tree(&root, plan, err) ||
        !fs_make_dir(&work, state, name, 0700, err))
        return false;
    scan.work = work;
    scan.root = root;
    if (!scan_tree(&scan, &scanned, findings, err))
        return false;
    return report_errors(findings) > 0 ||
           listed_seconds(seconds, work, root, plan, kind, err);
}

void listing_recall(int state, const struct move_plan *plan, enum digest_kind kind,
                    int64_t *seconds)
{
    scoped(fd_close) int work = -1;
    scoped(fd_close) int root = -1;
    struct error unknown = {0};

    if (!open_tree(&root, plan, &unknown) ||
        !plan_open_work(&work, state, plan->migration, &unknown) ||
        !listed_seconds(seconds, work, root, plan, kind, &unknown))
        *seconds = 0;
}

bool listing_adopt(int state, const char *migration, struct error *err)
{
    scoped(fd_close) int dir = -1;
    char from[NAME_BYTES], to[MIGRATION_ID_MAX + sizeof(MIGRATIONS_DIR) + 1];

    own_name(from);
    snprintf(to, sizeof(to), MIGRATIONS_DIR "/%s", migration);
    if (!fs_open_dir(&dir, state, MIGRATIONS_DIR, err))
        return false;
    if (renameat2(state, from, state, to, RENAME_NOREPLACE) != 0 && errno != EEXIST &&
        errno != ENOENT)
        return fail_errno(err, E_FILE_WRITE, to);
    return fs_sync(dir, MIGRATIONS_DIR, err);
}
