/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/scan.h"

#include "base/fs.h"
#include "transfer/changed.h"
#include "transfer/digests.h"
#include "transfer/disk.h"
#include "transfer/manifest_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_ROOM 40
#define COARSE_SECONDS 2 /* of a file system that keeps no parts of a second */

/* The generation before, walked beside the tree. */
struct before {
    bool any;
    struct manifest manifest;
    struct changed_list changed;
    struct timespec begun; /* its listing, by the clock that dates files */
    struct walk walk;
    struct entry entry; /* the next one not passed yet, with `holds` */
    bool holds;
    uint64_t same; /* entries found unchanged */
};

static void before_clear(struct before *before)
{
    manifest_clear(&before->manifest);
    changed_clear(&before->changed);
    walk_clear(&before->walk);
}

static void stamp_name(char out[NAME_ROOM], unsigned generation)
{
    snprintf(out, NAME_ROOM, "listed-%u", generation);
}

/* What is written after this has a change time that is not earlier. */
static bool stamp(const struct scan *scan, struct error *err)
{
    char name[NAME_ROOM];

    stamp_name(name, scan->generation);
    if (unlinkat(scan->work, name, 0) != 0 && errno != ENOENT)
        return disk_fail(err, name);
    return disk_replace(scan->work, name, span_text("listed\n"), err);
}

static bool before_next(struct before *before, struct error *err)
{
    struct error trouble = {0};

    before->holds = walk_next(&before->walk, &before->entry, &trouble);
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

static bool before_open(struct before *out, const struct scan *scan, struct error *err)
{
    const unsigned generation = scan->generation - 1;
    char name[NAME_ROOM];
    struct stat st;

    if (generation == 0)
        return true;
    out->any = true;
    stamp_name(name, generation);
    if (fstatat(scan->work, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        out->begun = st.st_mtim;
    if (!manifest_open(&out->manifest, scan->work, generation, scan->kind, err) ||
        !changed_read(&out->changed, scan->work, generation, err))
        return false;
    walk_begin(&out->walk, &out->manifest, 0);
    return before_next(out, err);
}

/* The entry of before with this path, or NULL. Paths come in walking order. */
static bool before_find(struct before *before, struct span path, const struct entry **out,
                        struct error *err)
{
    *out = NULL;
    while (before->holds && entry_compare_paths(before->entry.path, path) < 0)
        if (!before_next(before, err))
            return false;
    if (before->holds && entry_compare_paths(before->entry.path, path) == 0)
        *out = &before->entry;
    return true;
}

static bool identity_is_same(const struct entry *a, const struct entry *b)
{
    return a->kind == b->kind && a->size == b->size && a->mtime == b->mtime &&
           a->mtime_ns == b->mtime_ns && a->identity.inode == b->identity.inode &&
           a->identity.ctime == b->identity.ctime &&
           a->identity.ctime_ns == b->identity.ctime_ns;
}

static bool entry_is_same(const struct entry *a, const struct entry *b)
{
    return identity_is_same(a, b) && a->mode == b->mode && a->uid == b->uid &&
           a->gid == b->gid && span_equal(a->user, b->user) &&
           span_equal(a->group, b->group) && span_equal(a->target, b->target) &&
           span_equal(a->xattrs, b->xattrs);
}

/* Changed long enough before the listing that a change after it has another time. */
static bool was_at_rest(const struct before *before, const struct entry *entry)
{
    const int64_t seconds = before->begun.tv_sec;
    const struct entry_identity *at = &entry->identity;

    if (at->ctime_ns == 0)
        return at->ctime + COARSE_SECONDS < seconds;
    return at->ctime < seconds ||
           (at->ctime == seconds && (int64_t)at->ctime_ns < before->begun.tv_nsec);
}

/* Its data of the generation before is what it has now. */
static bool holds_still(const struct before *before, const struct entry *then,
                        const struct entry *now)
{
    return now->kind == ENTRY_FILE && identity_is_same(then, now) &&
           was_at_rest(before, then) && !changed_has(&before->changed, now->path);
}

/* A file that is as it was refers to what was sent of it, holes included. */
static bool compare(struct before *before, struct entry *now, struct error *err)
{
    const struct entry *then;

    if (!before->any)
        return true;
    if (!before_find(before, now->path, &then, err))
        return false;
    if (then == NULL || (now->kind == ENTRY_FILE && entry_length(now) > 0 &&
                         !holds_still(before, then, now)))
        return true;
    before->same += entry_is_same(then, now);
    if (now->kind == ENTRY_FILE && entry_length(now) > 0) {
        now->reference = before->manifest.generation;
        now->sparse = then->sparse;
        now->extents = then->extents;
    }
    return true;
}

/* Whatever changes a file sets its change time, contents, owner, mode and attributes alike
 * (POSIX.1-2017 4.9; tmpfs counts attributes among them from Linux 6.0 on). */
static bool recall(void *at, struct span path, const struct stat *st,
                   const struct entry **out, struct error *err)
{
    struct before *before = at;
    const struct entry *then;

    *out = NULL;
    if (!before_find(before, path, &then, err))
        return false;
    if (then != NULL && entry_is_file(then, st) && was_at_rest(before, then))
        *out = then;
    return true;
}

static bool list_entries(struct manifest *manifest, struct tree *tree,
                         struct before *before, struct error *err)
{
    struct error trouble = {0};
    struct entry entry;

    while (tree_next(tree, &entry, &trouble))
        if (!compare(before, &entry, err) || !manifest_add(manifest, &entry, err))
            return false;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

/* What is known of a listing before this one would be wrong. */
static bool forget(const struct scan *scan, struct error *err)
{
    return digests_remove(scan->work, scan->generation, err) &&
           changed_forget(scan->work, scan->generation, err);
}

bool scan_tree(const struct scan *scan, struct scanned *out, struct report *findings,
               struct error *err)
{
    scoped(manifest_clear) struct manifest manifest = {0};
    scoped(before_clear) struct before before = {0};
    scoped(tree_clear) struct tree tree = {0};

    *out = (struct scanned){0};
    manifest_begin(&manifest, scan->work, scan->generation, scan->kind);
    tree_begin(&tree, scan->root, scan->wish, findings);
    if (!forget(scan, err) || !stamp(scan, err) || !before_open(&before, scan, err))
        return false;
    if (before.any)
        tree.memory = (struct tree_memory){.recall = recall, .at = &before};
    if (!list_entries(&manifest, &tree, &before, err))
        return false;
    if (report_errors(findings) > 0)
        return true;
    manifest.left = tree.left;
    if (!manifest_close(&manifest, err))
        return false;
    out->same = before.any && before.same == manifest.sum.entries &&
                before.same == before.manifest.sum.entries;
    return true;
}
