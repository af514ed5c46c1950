/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The staged tree becomes what the manifest says, to the last link and time. */
#include "transfer/receive.h"

#include "base/fs.h"
#include "base/mem.h"
#include "transfer/disk.h"
#include "transfer/manifest_form.h"
#include "transfer/receive_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tools of one pass over the manifest. */
struct pass {
    int tree;
    const struct marks *marks;
    struct perch perch;
    struct perch other; /* for the first of two links */
    struct settle *settle;
};

static void pass_clear(struct pass *pass)
{
    perch_clear(&pass->perch);
    perch_clear(&pass->other);
}

static bool make_directory(struct perch *perch, int tree, const struct entry *entry,
                           struct error *err)
{
    if (!perch_reach(perch, tree, entry->path, err))
        return false;
    if (mkdirat(perch->dir, perch->name, 0700) == 0)
        return true;
    if (errno != EEXIST || fchmodat(perch->dir, perch->name, 0700, 0) != 0)
        return disk_fail(err, perch->name);
    return true;
}

bool make_directories(int tree, const struct manifest *manifest, struct error *err)
{
    scoped(perch_clear) struct perch perch = {0};
    scoped(walk_clear) struct walk walk = {0};
    struct error trouble = {0};
    struct entry entry;

    if (fchmod(tree, 0700) != 0)
        return disk_fail(err, TREE_DIR);
    walk_begin(&walk, manifest, 0);
    while (walk_next(&walk, &entry, &trouble))
        if (entry.kind == ENTRY_DIRECTORY && entry.path.n > 0 &&
            !make_directory(&perch, tree, &entry, err))
            return false;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

/* Written whole when its segment came, and nothing of it is left to do. */
static bool is_settled(const struct marks *marks, const struct entry *entry)
{
    const uint64_t n = entry_carried(entry);
    const uint64_t segment = entry->offset / SEGMENT_BYTES;

    return entry->kind == ENTRY_FILE && !entry->sparse && n > 0 &&
           (entry->offset + n - 1) / SEGMENT_BYTES == segment &&
           marks_is_settled(marks, segment);
}

static bool finish_file(struct pass *pass, const struct entry *entry, struct error *err)
{
    scoped(fd_close) int fd = -1;
    const int dir = pass->perch.dir;
    const char *name = pass->perch.name;
    const int make = entry_length(entry) == 0 ? O_CREAT : 0;

    if (settle_is_done(pass->settle, dir, name, entry))
        return true;
    fd = openat(dir, name, O_RDWR | make | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == ENOENT)
        return fail(err, E_STAGING_BAD, "%s is gone", name);
    if (fd < 0 && errno == EACCES)
        fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return disk_fail(err, name);
    return settle_file(pass->settle, fd, dir, name, entry, err);
}

static bool finish_symlink(struct pass *pass, const struct entry *entry, struct error *err)
{
    const int dir = pass->perch.dir;
    const char *name = pass->perch.name;
    char target[PATH_MAX];

    snprintf(target, sizeof(target), "%.*s", (int)entry->target.n,
             (const char *)entry->target.at);
    if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
        return disk_fail(err, name);
    if (symlinkat(target, dir, name) != 0)
        return disk_fail(err, name);
    return settle_symlink(pass->settle, dir, name, entry, err);
}

static bool finish_link(struct pass *pass, const struct entry *entry, struct error *err)
{
    const int dir = pass->perch.dir;
    const char *name = pass->perch.name;

    if (!perch_reach(&pass->other, pass->tree, entry->target, err))
        return false;
    if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
        return disk_fail(err, name);
    if (linkat(pass->other.dir, pass->other.name, dir, name, 0) == 0)
        return true;
    if (errno == ENOENT || errno == EPERM)
        return fail(err, E_MANIFEST_PATH, "the first link of %s is no file", name);
    return disk_fail(err, name);
}

static bool finish_entry(struct pass *pass, const struct entry *entry, struct error *err)
{
    if (entry->kind == ENTRY_DIRECTORY || is_settled(pass->marks, entry))
        return true;
    if (!perch_reach(&pass->perch, pass->tree, entry->path, err))
        return false;
    if (entry->kind == ENTRY_FILE)
        return finish_file(pass, entry, err);
    return entry->kind == ENTRY_SYMLINK ? finish_symlink(pass, entry, err)
                                        : finish_link(pass, entry, err);
}

static bool finish_entries(struct pass *pass, const struct manifest *manifest,
                           struct error *err)
{
    scoped(walk_clear) struct walk walk = {0};
    struct error trouble = {0};
    struct entry entry;

    walk_begin(&walk, manifest, 0);
    while (walk_next(&walk, &entry, &trouble))
        if (!finish_entry(pass, &entry, err))
            return false;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return trouble.msg == E_NONE;
}

/* The root stays writable for us until it is published. */
static bool finish_directory(struct pass *pass, const struct entry *entry,
                             struct error *err)
{
    if (!perch_reach(&pass->perch, pass->tree, entry->path, err))
        return false;
    return settle_directory(pass->settle, pass->perch.dir, pass->perch.name, entry,
                            entry->path.n == 0 ? 0700 : 0, err);
}

/* The directories of one page, the last one first. `at` has room for every record. */
static bool finish_page(struct pass *pass, const struct buf *page, struct page_reader *at,
                        struct error *err)
{
    struct page_reader reader;
    struct error trouble = {0};
    struct entry entry;
    size_t n = 0;

    if (!page_begin(&reader, buf_span(page), err))
        return false;
    for (at[0] = reader; page_next(&reader, &entry, &trouble); at[n] = reader)
        n += entry.kind == ENTRY_DIRECTORY;
    while (n-- > 0)
        if (!page_next(&at[n], &entry, &trouble) || !finish_directory(pass, &entry, err))
            break;
    if (trouble.msg != E_NONE)
        *err = trouble;
    return err->msg == E_NONE;
}

/* Directories last and from the end, because writing into one moves its time. */
static bool finish_directories(struct pass *pass, const struct manifest *manifest,
                               struct error *err)
{
    scoped(buf_clear) struct buf page = buf_upto(PAGE_BYTES_MAX);
    struct page_reader *at = mem_zeroed(RECORDS_MAX, sizeof(*at));
    bool fine = true;

    for (size_t n = manifest->n; fine && n > 0; n--)
        fine = manifest_read_page(&page, manifest, n - 1, err) &&
               finish_page(pass, &page, at, err);
    mem_free(at);
    return fine;
}

static bool finish_tree(struct receive *receive, struct settle *settle, struct error *err)
{
    scoped(pass_clear) struct pass pass = {
        .tree = receive->tree, .marks = &receive->marks, .settle = settle};

    return make_directories(receive->tree, &receive->manifest, err) &&
           finish_entries(&pass, &receive->manifest, err) &&
           finish_directories(&pass, &receive->manifest, err) &&
           (syncfs(receive->staging) == 0 || disk_fail(err, "the staging area"));
}

static bool contents_root_of(const struct receive *receive, struct digest *out,
                             struct error *err)
{
    const struct manifest *manifest = &receive->manifest;
    uint64_t missing;

    if (!digests_root(&receive->digests, manifest->sum.segments, manifest->kind, out,
                      &missing, err))
        return false;
    return missing == manifest->sum.segments ||
           fail(err, E_SEGMENTS_MISSING, "segment %llu", (unsigned long long)missing);
}

static bool roots_agree(const struct receive *receive, const struct digest *manifest_root,
                        const struct digest *contents_root, struct error *err)
{
    struct digest ours;

    if (!digest_equal(&receive->manifest.sum.root, manifest_root))
        return fail(err, E_ROOTS_DIFFER, "the manifest root");
    return contents_root_of(receive, &ours, err) &&
           (digest_equal(&ours, contents_root) ||
            fail(err, E_ROOTS_DIFFER, "the contents root"));
}

static bool all_is_here(const struct receive *receive, struct error *err)
{
    const struct marks *marks = &receive->marks;

    if (!receive->ready)
        return fail(err, E_MANIFEST_OPEN, "generation %u", receive->generation);
    return marks->received == marks->n ||
           fail(err, E_SEGMENTS_MISSING, "%llu of %llu are missing",
                (unsigned long long)(marks->n - marks->received),
                (unsigned long long)marks->n);
}

static void tell_not_kept(const struct settle *settle, struct report *findings)
{
    struct error finding = {0};

    if (settle->not_kept == 0)
        return;
    fail(&finding, E_NOT_KEPT, "%llu entries, %s among them",
         (unsigned long long)settle->not_kept, settle->first_not_kept);
    finding.severity = SEVERITY_WARNING;
    report_add(findings, &finding);
}

static bool seal(struct receive *receive, struct report *findings, struct error *err)
{
    struct settle settle = {0};
    char generation[16];

    snprintf(generation, sizeof(generation), "%u", receive->generation);
    if (!finish_tree(receive, &settle, err) ||
        !disk_replace(receive->staging, SEALED_MARK, span_text(generation), err))
        return false;
    receive->sealed = true;
    tell_not_kept(&settle, findings);
    return true;
}

bool receive_seal(struct receive *receive, const struct digest *manifest_root,
                  const struct digest *contents_root, struct report *findings,
                  struct error *err)
{
    bool sealed;

    pthread_mutex_lock(&receive->lock);
    sealed = all_is_here(receive, err) &&
             roots_agree(receive, manifest_root, contents_root, err) &&
             (receive->sealed || seal(receive, findings, err));
    pthread_mutex_unlock(&receive->lock);
    return sealed;
}

bool receive_is_whole(struct receive *receive, struct error *err)
{
    bool whole;

    pthread_mutex_lock(&receive->lock);
    whole = all_is_here(receive, err);
    pthread_mutex_unlock(&receive->lock);
    return whole;
}

bool receive_roots(struct receive *receive, struct digest *manifest_root,
                   struct digest *contents_root, struct error *err)
{
    bool known;

    pthread_mutex_lock(&receive->lock);
    *manifest_root = receive->manifest.sum.root;
    known = all_is_here(receive, err) && contents_root_of(receive, contents_root, err);
    pthread_mutex_unlock(&receive->lock);
    return known;
}
