/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From one generation to the next. Files that are referred to are moved, not linked and not
 * copied: an inode in the tree has no second name until the links are made, and nothing is
 * written to one that has.
 */
#include "base/fs.h"
#include "transfer/disk.h"
#include "transfer/receive_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void before_name(char out[BEFORE_NAME_ROOM], unsigned generation)
{
    snprintf(out, BEFORE_NAME_ROOM, "before-%u", generation);
}

bool begin_tree(struct receive *receive, struct error *err)
{
    char older[BEFORE_NAME_ROOM], name[BEFORE_NAME_ROOM];

    if (receive->generation == 1)
        return true;
    before_name(name, receive->generation - 1);
    if (faccessat(receive->staging, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    if (renameat(receive->staging, TREE_DIR, receive->staging, name) != 0)
        return errno == ENOENT ? fail(err, E_STAGING_BAD, "%s is gone", TREE_DIR)
                               : disk_fail(err, TREE_DIR);
    before_name(older, receive->generation - 2);
    return fsync(receive->staging) == 0 ? fs_remove_tree(receive->staging, older, err)
                                        : disk_fail(err, name);
}

/* Both generations, side by side. */
struct carry {
    int tree, before;
    struct manifest then;
    struct walk now, old;
    struct entry entry; /* of the one before, with `holds` */
    bool holds;
    struct perch from, to;
};

static void carry_end(struct carry *carry)
{
    fd_close(&carry->before);
    manifest_clear(&carry->then);
    walk_clear(&carry->now);
    walk_clear(&carry->old);
    perch_clear(&carry->from);
    perch_clear(&carry->to);
}

static bool carry_begin(struct carry *out, const struct receive *receive, struct error *err)
{
    char name[BEFORE_NAME_ROOM];

    before_name(name, receive->generation - 1);
    out->tree = receive->tree;
    if (!fs_open_beneath(&out->before, receive->staging, name, O_RDONLY | O_DIRECTORY, 0,
                         err) ||
        !manifest_open(&out->then, receive->staging, receive->generation - 1,
                       receive->manifest.kind, err) ||
        !make_directories(out->before, &out->then, err))
        return false;
    walk_begin(&out->now, &receive->manifest, 0);
    walk_begin(&out->old, &out->then, 0);
    out->holds = walk_next(&out->old, &out->entry, err);
    return err->msg == E_NONE;
}

/* The file of before that has this path, with the same data ranges. */
static bool is_there(struct carry *carry, const struct entry *wanted, struct error *err)
{
    const struct entry *then = &carry->entry;
    struct error trouble = {0};

    while (carry->holds && entry_compare_paths(then->path, wanted->path) < 0)
        carry->holds = walk_next(&carry->old, &carry->entry, &trouble);
    if (trouble.msg != E_NONE) {
        *err = trouble;
        return false;
    }
    return (carry->holds && entry_compare_paths(then->path, wanted->path) == 0 &&
            then->kind == ENTRY_FILE && then->size == wanted->size &&
            then->sparse == wanted->sparse && span_equal(then->extents, wanted->extents)) ||
           fail(err, E_MANIFEST_REFERENCE, "%.*s", (int)wanted->path.n,
                (const char *)wanted->path.at);
}

/* Moved by now, or before the interruption. */
static bool move_over(struct carry *carry, const struct entry *entry, struct error *err)
{
    struct error gone = {0};
    struct stat st;

    if (!perch_reach(&carry->to, carry->tree, entry->path, err))
        return false;
    if (perch_reach(&carry->from, carry->before, entry->path, &gone) &&
        renameat2(carry->from.dir, carry->from.name, carry->to.dir, carry->to.name,
                  RENAME_NOREPLACE) == 0)
        return true;
    if (gone.msg == E_NONE && errno != ENOENT && errno != EEXIST)
        return disk_fail(err, carry->to.name);
    return (fstatat(carry->to.dir, carry->to.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode)) ||
           fail(err, E_STAGING_BAD, "%s is gone", carry->to.name);
}

bool carry_over(struct receive *receive, struct error *err)
{
    scoped(carry_end) struct carry carry = {.before = -1};
    struct error trouble = {0};
    struct entry entry;

    if (receive->generation == 1)
        return true;
    if (!carry_begin(&carry, receive, err))
        return false;
    while (walk_next(&carry.now, &entry, &trouble))
        if (entry.reference != 0 &&
            (!is_there(&carry, &entry, err) || !move_over(&carry, &entry, err)))
            return false;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}
