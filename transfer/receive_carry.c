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

/* The tree of the generation before, and nothing older. Repeatable. */
static bool set_aside(int staging, unsigned generation, struct error *err)
{
    char older[BEFORE_NAME_ROOM], name[BEFORE_NAME_ROOM];
    bool aside = false;

    before_name(name, generation - 1);
    before_name(older, generation - 2);
    if (!fs_has(&aside, staging, name, err))
        return false;
    if (!aside) {
        if (renameat(staging, TREE_DIR, staging, name) != 0)
            return errno == ENOENT ? fail(err, E_STAGING_BAD, "%s is gone", TREE_DIR)
                                   : disk_fail(err, TREE_DIR);
        if (fsync(staging) != 0)
            return disk_fail(err, name);
    }
    return fs_remove_tree(staging, older, err);
}

bool begin_tree(struct receive *receive, struct error *err)
{
    char name[BEFORE_NAME_ROOM];
    bool before = false;

    before_name(name, receive->generation - 1);
    if (receive->generation > 1 && !set_aside(receive->staging, receive->generation, err))
        return false;
    return fs_has(&before, receive->staging, name, err) &&
           (!before || fs_open_beneath(&receive->base[0], receive->staging, name,
                                       O_RDONLY | O_DIRECTORY, 0, err));
}

bool take_kept(const struct receive *receive, int above, struct error *err)
{
    char name[BEFORE_NAME_ROOM];
    bool tree = false, before = false;

    before_name(name, 0);
    if (receive->kept[0] == '\0')
        return true;
    if (!fs_has(&tree, receive->staging, TREE_DIR, err) ||
        !fs_has(&before, receive->staging, name, err))
        return false;
    if (tree || before)
        return true;
    return renameat(above, receive->kept, receive->staging, name) == 0 || errno == ENOENT ||
           disk_fail(err, receive->kept);
}

/* The generation whose `tree` stands beside what was set aside for it; 0: nothing was. */
static bool generation_of_tree(unsigned *out, int staging, unsigned generation,
                               struct error *err)
{
    char name[BEFORE_NAME_ROOM];
    bool aside = false;

    for (*out = generation; *out > 0; (*out)--) {
        before_name(name, *out - 1);
        if (!fs_has(&aside, staging, name, err))
            return false;
        if (aside)
            break;
    }
    return true;
}

/* The data is in `tree`, or still in what was set aside for it. */
static bool data_to_tree(int staging, unsigned generation, struct error *err)
{
    char name[BEFORE_NAME_ROOM];

    if (marks_look(staging, generation) != MARKS_NONE)
        return true;
    before_name(name, generation - 1);
    return fs_remove_tree(staging, TREE_DIR, err) &&
           (renameat(staging, name, staging, TREE_DIR) == 0 || disk_fail(err, name));
}

bool leave_kept(int above, int staging, unsigned generation, const char *kept,
                struct error *err)
{
    unsigned now = 0;
    bool unsure = false;

    if (!generation_of_tree(&now, staging, generation, err) ||
        !fs_has(&unsure, staging, UNSURE_MARK, err))
        return false;
    if (unsure)
        return true; /* the next try would find it in the cache, and believe it */
    if (now == 0 && marks_look(staging, 1) == MARKS_EMPTY)
        return true; /* directories, and nothing in them */
    if (now > 0 && !data_to_tree(staging, now, err))
        return false;
    if (unlinkat(staging, TREE_DIR, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return true; /* nothing at all; published; or kept already, and then interrupted */
    return fs_remove_tree(above, kept, err) &&
           ((fchmodat(staging, TREE_DIR, 0700, 0) == 0 &&
             renameat(staging, TREE_DIR, above, kept) == 0) ||
            disk_fail(err, kept));
}

/* Both generations, side by side. Before the first there is but what was kept. */
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
    manifest_clear(&carry->then);
    walk_clear(&carry->now);
    walk_clear(&carry->old);
    perch_clear(&carry->from);
    perch_clear(&carry->to);
}

static bool carry_begin(struct carry *out, const struct receive *receive, struct error *err)
{
    out->tree = receive->tree;
    out->before = receive->base[0];
    walk_begin(&out->now, &receive->manifest, 0);
    if (receive->generation == 1)
        return true;
    if (!manifest_open(&out->then, receive->staging, receive->generation - 1,
                       receive->manifest.kind, err) ||
        !make_directories(out->before, &out->then, err))
        return false;
    walk_begin(&out->old, &out->then, 0);
    out->holds = walk_next(&out->old, &out->entry, err);
    return err->msg == E_NONE;
}

/* The file of before that has this path, with the same data ranges. */
static bool is_referable(struct carry *carry, const struct entry *wanted, struct error *err)
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

static bool punch_range(int fd, uint64_t at, uint64_t n)
{
    while (n > 0 && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
                              (off_t)n) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* Where the manifest has a hole no data of before may stay. */
static bool punch(int fd, const struct entry *entry)
{
    struct extent extent;
    uint64_t at = 0;

    for (size_t i = 0; entry_extent(entry, i, &extent); i++) {
        if (!punch_range(fd, at, extent.at - at))
            return false;
        at = extent.at + extent.n;
    }
    return punch_range(fd, at, entry->size - at);
}

/* Ready to be written over, and not to be taken for one that is done. One that cannot be
 * punched is emptied: all of it is still to be sent. Holes outlive a power cut. */
static bool prepare(const struct perch *at, const struct entry *entry, struct error *err)
{
    static const struct timespec never[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 0}};
    scoped(fd_close) int fd = -1;

    if (fchmodat(at->dir, at->name, 0600, 0) != 0)
        return disk_fail(err, at->name);
    fd = openat(at->dir, at->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return disk_fail(err, at->name);
    if (entry->sparse && !punch(fd, entry) && ftruncate(fd, 0) != 0)
        return disk_fail(err, at->name);
    return (ftruncate(fd, (off_t)entry->size) == 0 && futimens(fd, never) == 0 &&
            (!entry->sparse || fdatasync(fd) == 0)) ||
           disk_fail(err, at->name);
}

/* A file of before that goes to where it shall be, and is not there yet. One with another
 * name is left alone, unless it stays as it is. */
static bool is_to_move(bool *out, const struct carry *carry, const struct entry *entry,
                       struct error *err)
{
    const struct perch *from = &carry->from, *to = &carry->to;
    struct stat st;
    bool there = false;

    *out = false;
    if (fstatat(from->dir, from->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || errno == EACCES ||
               fail_errno(err, E_FILE_READ, from->name);
    if (!fs_has(&there, to->dir, to->name, err))
        return false;
    *out = !there && S_ISREG(st.st_mode) && (entry->reference != 0 || st.st_nlink == 1);
    return true;
}

/* Before it is moved it is made ready: what is in the tree may have been received. */
static bool move_over(struct carry *carry, const struct entry *entry, struct error *err)
{
    const struct perch *from = &carry->from, *to = &carry->to;
    const bool must = entry->reference != 0;
    struct error gone = {0};
    bool moves = false;

    if (!perch_reach(&carry->to, carry->tree, entry->path, err))
        return false;
    if (!perch_reach(&carry->from, carry->before, entry->path, must ? err : &gone))
        return !must;
    if (!is_to_move(&moves, carry, entry, err))
        return false;
    if (!moves)
        return true;
    if (!must && !prepare(from, entry, err))
        return false;
    return renameat2(from->dir, from->name, to->dir, to->name, RENAME_NOREPLACE) == 0 ||
           errno == EEXIST || errno == EACCES || disk_fail(err, to->name);
}

static bool is_carried(const struct perch *to, struct error *err)
{
    struct stat st;

    if (fstatat(to->dir, to->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? fail(err, E_STAGING_BAD, "%s is gone", to->name)
                               : fail_errno(err, E_FILE_READ, to->name);
    return S_ISREG(st.st_mode) || fail(err, E_STAGING_BAD, "%s is gone", to->name);
}

static bool carry_file(struct carry *carry, const struct entry *entry, struct error *err)
{
    if (entry->reference != 0 && !is_referable(carry, entry, err))
        return false;
    if (!move_over(carry, entry, err))
        return false;
    return entry->reference == 0 || is_carried(&carry->to, err);
}

bool carry_over(struct receive *receive, struct error *err)
{
    scoped(carry_end) struct carry carry = {0};
    struct error trouble = {0};
    struct entry entry;

    if (receive->base[0] < 0)
        return true;
    if (!carry_begin(&carry, receive, err))
        return false;
    while (walk_next(&carry.now, &entry, &trouble))
        if (entry.kind == ENTRY_FILE && entry_length(&entry) > 0 &&
            !carry_file(&carry, &entry, err))
            return false;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}
