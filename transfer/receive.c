/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/receive.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "transfer/disk.h"
#include "transfer/receive_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_BYTES_MAX 16

static bool name_is_allowed(const char *name)
{
    return name[0] != '\0' && strlen(name) <= NAME_MAX && strchr(name, '/') == NULL &&
           !text_equal(name, ".") && !text_equal(name, "..") &&
           !text_equal(name, STAGING_DIR);
}

/* dir/name as a directory of ours, made when it is not there; never through a link. */
static bool make_and_open(int *out, int dir, const char *name, struct error *err)
{
    if (mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
        return disk_fail(err, name);
    return fs_open_beneath(out, dir, name, O_RDONLY | O_DIRECTORY, 0, err);
}

static bool open_staging(struct receive *receive, const struct receive_place *place,
                         struct error *err)
{
    scoped(fd_close) int above = -1;
    bool unsure = false;

    receive->into = fcntl(place->into, F_DUPFD_CLOEXEC, 0);
    if (receive->into < 0)
        return fail_errno(err, E_FILE_READ, "--into");
    if (!make_and_open(&above, receive->into, STAGING_DIR, err) ||
        !make_and_open(&receive->staging, above, receive->migration, err))
        return false;
    if (flock(receive->staging, LOCK_EX | LOCK_NB) != 0)
        return fail(err, E_STAGING_BUSY, "%s/%s", STAGING_DIR, receive->migration);
    if (!fs_has(&unsure, receive->staging, UNSURE_MARK, err))
        return false;
    receive->syncs_failed = unsure;
    return take_kept(receive, above, err);
}

/* The mark names the generation: another one has begun since. */
static bool sealed_already(const struct receive *receive)
{
    scoped(buf_clear) struct buf mark = buf_upto(MARK_BYTES_MAX);
    struct error none = {0};
    uint64_t generation = 0;

    return fs_read_at(&mark, receive->staging, SEALED_MARK, &none) &&
           buf_terminate(&mark, &none) &&
           text_number(&generation, (const char *)mark.at, 1, UINT32_MAX, &none) &&
           generation == receive->generation;
}

/* Permission to replace it was given to this migration, whoever opens its staging later. */
static bool open_older(struct receive *receive, const struct stat *st, struct error *err)
{
    if (!receive->replaces || !S_ISDIR(st->st_mode))
        return fail(err, E_DESTINATION_EXISTS, "%s", receive->name);
    return disk_replace(receive->staging, REPLACES_MARK, span_text(REPLACES_MARK), err) &&
           fs_open_beneath(&receive->base[1], receive->into, receive->name,
                           O_RDONLY | O_DIRECTORY, 0, err);
}

/* What is sealed is there: an empty one in its place would be published. */
static bool take_tree(struct receive *receive, struct error *err)
{
    return receive->sealed ? fs_open_beneath(&receive->tree, receive->staging, TREE_DIR,
                                             O_RDONLY | O_DIRECTORY, 0, err)
                           : make_and_open(&receive->tree, receive->staging, TREE_DIR, err);
}

static bool open_tree(struct receive *receive, struct error *err)
{
    struct stat st;
    bool replaces = false;

    receive->sealed = sealed_already(receive);
    if (!published_already(&receive->published, receive, err) ||
        !fs_has(&replaces, receive->staging, REPLACES_MARK, err))
        return false;
    receive->replaces |= replaces;
    if (receive->published)
        return true;
    if (!restage(receive, err))
        return false;
    if (fstatat(receive->into, receive->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return fail_errno(err, E_FILE_READ, receive->name);
    } else if (!open_older(receive, &st, err)) {
        return false;
    }
    return begin_tree(receive, err) && take_tree(receive, err);
}

/* What is moved into a directory is lost with it: the directories are durable first. */
static bool carry_durably(struct receive *receive, struct error *err)
{
    return receive->base[0] < 0 ||
           ((syncfs(receive->staging) == 0 || disk_fail(err, TREE_DIR)) &&
            carry_over(receive, err));
}

/* What a closed manifest makes possible. */
static bool get_ready(struct receive *receive, struct error *err)
{
    const unsigned generation = receive->manifest.generation;

    if (!receive->sealed && receive->tree >= 0 &&
        (!make_directories(receive->tree, &receive->manifest, err) ||
         !carry_durably(receive, err)))
        return false;
    if (!marks_open(&receive->marks, receive->staging, generation,
                    receive->manifest.sum.segments, err) ||
        !digests_open(&receive->digests, receive->staging, generation, err))
        return false;
    receive->ready = true;
    return true;
}

static bool open_all(struct receive *receive, const struct receive_place *place,
                     struct error *err)
{
    if (!open_staging(receive, place, err) || !open_tree(receive, err) ||
        !manifest_open(&receive->manifest, receive->staging, place->generation, place->kind,
                       err))
        return false;
    return !receive->manifest.closed || get_ready(receive, err);
}

bool receive_open(struct receive *out, const struct receive_place *place, struct error *err)
{
    *out = (struct receive){.into = -1,
                            .staging = -1,
                            .tree = -1,
                            .base = {-1, -1},
                            .replaces = place->replaces,
                            .generation = place->generation,
                            .byte_ceiling = place->byte_ceiling};
    pthread_mutex_init(&out->lock, NULL);
    out->opened = true;
    if (!name_is_allowed(place->name) || !text_fits(out->name, place->name))
        fail(err, E_DESTINATION_NAME, "%s", place->name);
    else if (!name_is_allowed(place->migration) ||
             !text_fits(out->migration, place->migration))
        fail(err, E_DESTINATION_NAME, "%s", place->migration);
    else if (place->kept != NULL && !text_fits(out->kept, place->kept))
        fail(err, E_DESTINATION_NAME, "%s", place->kept);
    else if (open_all(out, place, err))
        return true;
    receive_close(out);
    return false;
}

void receive_close(struct receive *receive)
{
    if (!receive->opened)
        return;
    for (size_t i = 0; i < RECEIVE_DESKS; i++)
        desk_clear(&receive->desk[i]);
    digests_close(&receive->digests);
    marks_close(&receive->marks);
    manifest_clear(&receive->manifest);
    fd_close(&receive->tree);
    for (size_t i = 0; i < RECEIVE_BASES; i++)
        fd_close(&receive->base[i]);
    fd_close(&receive->staging);
    fd_close(&receive->into);
    pthread_mutex_destroy(&receive->lock);
    receive->opened = false;
}

static bool take_page(struct receive *receive, uint64_t n, struct span bytes,
                      const struct digest *digest, struct error *err)
{
    if (!manifest_take_page(&receive->manifest, n, bytes, digest, err))
        return false;
    return receive->manifest.layout.bytes <= receive->byte_ceiling ||
           fail(err, E_BYTES_CEILING, "%llu bytes allowed",
                (unsigned long long)receive->byte_ceiling);
}

bool receive_page(struct receive *receive, uint64_t n, struct span bytes,
                  const struct digest *digest, struct error *err)
{
    bool taken;

    pthread_mutex_lock(&receive->lock);
    taken = take_page(receive, n, bytes, digest, err);
    pthread_mutex_unlock(&receive->lock);
    return taken;
}

static bool close_manifest(struct receive *receive, const struct manifest_sum *sum,
                           struct error *err)
{
    if (receive->manifest.layout.bytes > receive->byte_ceiling)
        return fail(err, E_BYTES_CEILING, "%llu bytes, %llu allowed",
                    (unsigned long long)receive->manifest.layout.bytes,
                    (unsigned long long)receive->byte_ceiling);
    if (!manifest_take_close(&receive->manifest, sum, err))
        return false;
    return receive->ready || get_ready(receive, err);
}

bool receive_manifest(struct receive *receive, const struct manifest_sum *sum,
                      struct error *err)
{
    bool closed;

    pthread_mutex_lock(&receive->lock);
    closed = close_manifest(receive, sum, err);
    pthread_mutex_unlock(&receive->lock);
    return closed;
}

void ranges_clear(struct ranges *ranges)
{
    mem_free(ranges->item);
    *ranges = (struct ranges){0};
}

static void lay_ranges(const struct marks *marks, uint64_t from, struct ranges *out)
{
    struct range range;

    while (marks_missing(marks, from, &range.first, &range.last)) {
        if (out->n == RECEIVE_RANGES_MAX) {
            out->more = true;
            out->next = range.first;
            return;
        }
        out->item[out->n++] = range;
        from = range.last + 1;
    }
}

bool receive_missing(struct receive *receive, uint64_t from, struct ranges *out,
                     struct error *err)
{
    bool ready;

    *out = (struct ranges){.item = mem_zeroed(RECEIVE_RANGES_MAX, sizeof(*out->item))};
    pthread_mutex_lock(&receive->lock);
    ready = receive->ready;
    if (ready)
        lay_ranges(&receive->marks, from, out);
    pthread_mutex_unlock(&receive->lock);
    return ready || fail(err, E_MANIFEST_OPEN, "generation %u", receive->generation);
}

void receive_status(struct receive *receive, struct receive_status *out)
{
    pthread_mutex_lock(&receive->lock);
    *out = (struct receive_status){.generation = receive->manifest.generation,
                                   .pages = receive->manifest.n,
                                   .closed = receive->ready,
                                   .segments = receive->marks.n,
                                   .received = receive->marks.received,
                                   .durable = receive->marks.durable,
                                   .unflushed = receive->unflushed,
                                   .offers = receive->base[0] >= 0 || receive->base[1] >= 0,
                                   .sealed = receive->sealed,
                                   .published = receive->published};
    manifest_root_so_far(&receive->manifest, &out->pages_root);
    pthread_mutex_unlock(&receive->lock);
}
