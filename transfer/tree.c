/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree.h"

#include "base/fs.h"
#include "base/mem.h"
#include "transfer/attrs.h"
#include "transfer/tree_holes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A thread of its own is for a directory that keeps the walker: once so many names were met
 * there in a row, and so many are left. */
#define AHEAD_AFTER 16
#define AHEAD_LEAST 64

enum outcome { ENTRY, NO_ENTRY, FAILED };

void tree_begin(struct tree *out, int root, const struct tree_wish *wish,
                struct report *findings)
{
    *out = (struct tree){.root = root,
                         .wish = wish,
                         .findings = findings,
                         .left = {.told = true},
                         .extents = buf_upto((size_t)16 * ENTRY_EXTENTS_MAX),
                         .xattrs = buf_upto(ENTRY_XATTR_BYTES_MAX)};
}

static enum outcome tell(struct tree *tree, const struct error *finding)
{
    report_add(tree->findings, finding);
    return NO_ENTRY;
}

/* What stays behind: the first of them by name, how many more are in the last one. */
static enum outcome tell_left(struct tree *tree, struct error *finding)
{
    struct report *findings = tree->findings;

    finding->severity = SEVERITY_WARNING;
    tree->unmoved++;
    if (tree->unmoved < TREE_LEFT_NAMED)
        return tell(tree, finding);
    *finding = (struct error){0};
    fail(finding, E_NOT_MOVED, "and %" PRIu64 " more", tree->unmoved - TREE_LEFT_NAMED + 1);
    finding->severity = SEVERITY_WARNING;
    if (tree->unmoved == TREE_LEFT_NAMED)
        tree->more = findings->n;
    else if (tree->more < findings->n) {
        findings->item[tree->more] = *finding;
        return NO_ENTRY;
    }
    return tell(tree, finding);
}

static enum outcome tell_unreadable(struct tree *tree, const char *why)
{
    const bool skip = tree->wish != NULL && tree->wish->skip_unreadable;
    struct error finding = {0};

    fail(&finding, skip ? E_SKIPPED : E_NOT_READABLE, "%s: %s", tree->path, why);
    tree->left.skipped += skip;
    return skip ? tell_left(tree, &finding) : tell(tree, &finding);
}

/* What cannot be opened; what is gone since its name was read never was there. */
static enum outcome missed(struct tree *tree)
{
    return errno == ENOENT ? NO_ENTRY : tell_unreadable(tree, strerror(errno));
}

static enum outcome tell_not_moved(struct tree *tree, mode_t mode)
{
    struct left_behind *left = &tree->left;
    struct error finding = {0};

    fail(&finding, E_NOT_MOVED, "%s is a %s", tree->path,
         S_ISSOCK(mode)   ? "socket"
         : S_ISFIFO(mode) ? "pipe"
                          : "device");
    ++*(S_ISSOCK(mode) ? &left->sockets : S_ISFIFO(mode) ? &left->pipes : &left->devices);
    return tell_left(tree, &finding);
}

static void close_dir(struct tree *tree)
{
    ahead_end(&tree->ahead);
    tree->stayed = 0;
    if (tree->dir_open)
        fd_close(&tree->dir);
    tree->dir_open = false;
}

static void lay_stat(struct tree *tree, const struct stat *st, struct entry *out)
{
    out->path = span_text(tree->path);
    out->mode = st->st_mode & 07777;
    out->uid = st->st_uid;
    out->gid = st->st_gid;
    out->user = owners_user(&tree->owners, st->st_uid);
    out->group = owners_group(&tree->owners, st->st_gid);
    if (tree->wish != NULL) {
        owner_map_apply(&tree->wish->owners, OWNER_USER, &out->user, &out->uid);
        owner_map_apply(&tree->wish->owners, OWNER_GROUP, &out->group, &out->gid);
    }
    out->mtime = st->st_mtim.tv_sec;
    out->mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
    out->has_identity = true;
    out->identity = (struct entry_identity){.device = st->st_dev,
                                            .inode = st->st_ino,
                                            .ctime = st->st_ctim.tv_sec,
                                            .ctime_ns = (uint32_t)st->st_ctim.tv_nsec};
}

static bool lay_attrs(struct tree *tree, const char *name, struct entry *out)
{
    struct error finding = {0};

    if (!attrs_read(&tree->xattrs, tree->dir, name, &finding)) {
        tell_unreadable(tree, finding.about);
        return false;
    }
    out->xattrs = buf_span(&tree->xattrs);
    return true;
}

/* The directory that `tree->dir` is now; its names are read. */
static struct tree_level *push_level(struct tree *tree)
{
    if (tree->depth == tree->room) {
        tree->room = tree->room > 0 ? 2 * tree->room : 16;
        tree->level = mem_resize(tree->level, tree->room, sizeof(*tree->level));
    }
    tree->level[tree->depth] = (struct tree_level){.path_n = strlen(tree->path)};
    return &tree->level[tree->depth++];
}

static void pop_level(struct tree *tree)
{
    close_dir(tree); /* first: names may be read ahead */
    names_clear(&tree->level[--tree->depth].names);
}

/* `fd` is taken over. */
static enum outcome enter(struct tree *tree, int fd, struct entry *out)
{
    struct error finding = {0};
    struct tree_level *level;
    struct stat st;

    close_dir(tree);
    tree->dir = fd;
    tree->dir_open = true;
    level = push_level(tree);
    if (fstat(fd, &st) != 0 || !names_read(&level->names, fd, tree->path, &finding)) {
        pop_level(tree);
        return tell_unreadable(tree, strerror(errno));
    }
    out->kind = ENTRY_DIRECTORY;
    lay_stat(tree, &st, out);
    if (lay_attrs(tree, ".", out))
        return ENTRY;
    pop_level(tree);
    return NO_ENTRY;
}

static enum outcome meet_directory(struct tree *tree, const char *name, struct entry *out)
{
    const int fd = openat(tree->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd >= 0 ? enter(tree, fd, out) : missed(tree);
}

/* What stat does not tell, asked of the file. */
static enum outcome ask_file(struct tree *tree, const char *name, const struct stat *st,
                             const struct glance *seen, struct entry *out)
{
    const bool settled = seen != NULL && seen->settled;
    struct error finding = {0};

    if (!settled && faccessat(tree->dir, name, R_OK, AT_EACCESS) != 0)
        return missed(tree);
    if (!holes_find(&tree->extents, &out->sparse, tree->dir, name, st, &finding))
        return tell_unreadable(tree, finding.about);
    out->extents = buf_span(&tree->extents);
    if (!settled)
        return lay_attrs(tree, name, out) ? ENTRY : NO_ENTRY;
    out->xattrs = buf_span(&seen->xattrs);
    return ENTRY;
}

static enum outcome meet_file(struct tree *tree, const char *name, const struct stat *st,
                              const struct glance *seen, struct entry *out,
                              struct error *err)
{
    const struct tree_memory *memory = &tree->memory;
    const struct entry *then = NULL;

    if (memory->recall != NULL &&
        !memory->recall(memory->at, span_text(tree->path), st, &then, err))
        return FAILED;
    out->kind = ENTRY_FILE;
    out->size = (uint64_t)st->st_size;
    if (then == NULL)
        return ask_file(tree, name, st, seen, out);
    out->sparse = then->sparse;
    out->extents = then->extents;
    out->xattrs = then->xattrs;
    return ENTRY;
}

static enum outcome meet_symlink(struct tree *tree, const char *name, struct entry *out)
{
    const ssize_t n = readlinkat(tree->dir, name, tree->target, sizeof(tree->target));

    if (n <= 0 || (size_t)n == sizeof(tree->target))
        return tell_unreadable(tree, n < 0 ? strerror(errno) : "its target is too long");
    out->kind = ENTRY_SYMLINK;
    out->target = span_of(tree->target, (size_t)n);
    return lay_attrs(tree, name, out) ? ENTRY : NO_ENTRY;
}

/* A further link to what has been listed already. */
static bool meet_again(struct tree *tree, const struct stat *st, struct entry *out)
{
    const char *first;

    if (st->st_nlink < 2)
        return false;
    first = links_meet(&tree->links, st->st_dev, st->st_ino, tree->path);
    if (first == NULL)
        return false;
    *out = (struct entry){
        .kind = ENTRY_LINK, .path = span_text(tree->path), .target = span_text(first)};
    return true;
}

/* What is known of a name before its turn, or NULL. */
static const struct glance *look_ahead(struct tree *tree, size_t at)
{
    const struct names *names = &tree->level[tree->depth - 1].names;

    if (tree->stayed++ == AHEAD_AFTER && names->n - at >= AHEAD_LEAST) {
        tree->ahead = ahead_begin(tree->dir, names->at + at, names->n - at,
                                  tree->memory.recall == NULL);
        tree->ahead_from = at;
    }
    return tree->ahead != NULL ? ahead_take(tree->ahead, at - tree->ahead_from) : NULL;
}

static enum outcome meet(struct tree *tree, const char *name, const struct glance *seen,
                         struct entry *out, struct error *err)
{
    enum outcome outcome;
    struct stat st;

    *out = (struct entry){0};
    if (seen != NULL)
        st = seen->st;
    else if (fstatat(tree->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return missed(tree);
    if (S_ISDIR(st.st_mode))
        return meet_directory(tree, name, out);
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
        return tell_not_moved(tree, st.st_mode);
    outcome = S_ISREG(st.st_mode) ? meet_file(tree, name, &st, seen, out, err)
                                  : meet_symlink(tree, name, out);
    if (outcome == ENTRY && !meet_again(tree, &st, out))
        lay_stat(tree, &st, out);
    return outcome;
}

/* The directory of the level at the top, opened again after a deeper one was left. */
static bool reach_dir(struct tree *tree, struct error *err)
{
    if (tree->dir_open)
        return true;
    tree->path[tree->level[tree->depth - 1].path_n] = '\0';
    tree->dir_open =
        fs_open_beneath(&tree->dir, tree->root, tree->path[0] != '\0' ? tree->path : ".",
                        O_RDONLY | O_DIRECTORY, 0, err);
    return tree->dir_open;
}

/* The path of a name in the level at the top; false when it is longer than allowed. */
static bool lay_path(struct tree *tree, const char *name)
{
    const size_t at = tree->level[tree->depth - 1].path_n;
    const int n =
        snprintf(tree->path + at, sizeof(tree->path) - at, "%s%s", at > 0 ? "/" : "", name);

    return n >= 0 && (size_t)n < sizeof(tree->path) - at;
}

static enum outcome step(struct tree *tree, struct entry *out, struct error *err)
{
    struct tree_level *level = &tree->level[tree->depth - 1];
    struct error finding = {0};
    const struct glance *seen;
    const char *name;

    if (level->next == level->names.n) {
        pop_level(tree);
        return NO_ENTRY;
    }
    if (!reach_dir(tree, err))
        return FAILED;
    seen = look_ahead(tree, level->next);
    name = level->names.at[level->next++];
    if (lay_path(tree, name))
        return meet(tree, name, seen, out, err);
    fail(&finding, E_PATH_LONG, "%s", tree->path);
    return tell(tree, &finding);
}

static enum outcome begin(struct tree *tree, struct entry *out, struct error *err)
{
    const int fd = openat(tree->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    tree->begun = true;
    if (fd < 0)
        return fail_errno(err, E_NOT_READABLE, "the tree") ? ENTRY : FAILED;
    *out = (struct entry){0};
    return enter(tree, fd, out);
}

bool tree_next(struct tree *tree, struct entry *out, struct error *err)
{
    enum outcome outcome = tree->begun ? NO_ENTRY : begin(tree, out, err);

    while (outcome == NO_ENTRY && tree->depth > 0)
        outcome = step(tree, out, err);
    return outcome == ENTRY;
}

void tree_clear(struct tree *tree)
{
    while (tree->depth > 0)
        pop_level(tree);
    mem_free(tree->level);
    links_clear(&tree->links);
    buf_clear(&tree->extents);
    buf_clear(&tree->xattrs);
    close_dir(tree);
    *tree = (struct tree){0};
}
