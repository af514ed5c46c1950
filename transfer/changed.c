/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/changed.h"

#include "base/fs.h"
#include "base/mem.h"
#include "transfer/disk.h"
#include "transfer/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_BYTES_MAX (256U << 20)
#define NAME_ROOM 40

static void name_of(char out[NAME_ROOM], unsigned generation)
{
    snprintf(out, NAME_ROOM, "changed-%u", generation);
}

bool changed_open(struct changed *out, int dir, unsigned generation, struct error *err)
{
    char name[NAME_ROOM];

    name_of(name, generation);
    pthread_mutex_init(&out->lock, NULL);
    out->last = buf_upto(ENTRY_PATH_MAX);
    out->fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    out->opened = out->fd >= 0;
    return out->opened || disk_fail(err, name);
}

/* A NUL before and behind: what a crash has cut off is a path of its own. */
static bool append(const struct changed *changed, struct span path, struct error *err)
{
    scoped(buf_clear) struct buf record = buf_upto(ENTRY_PATH_MAX + 2);

    return buf_add_byte(&record, 0, err) && buf_add(&record, path, err) &&
           buf_add_byte(&record, 0, err) &&
           fs_write_all(changed->fd, buf_span(&record), err);
}

static bool note_locked(struct changed *changed, struct span path, struct error *err)
{
    if (span_equal(buf_span(&changed->last), path))
        return true;
    buf_reset(&changed->last);
    return append(changed, path, err) && buf_add(&changed->last, path, err);
}

bool changed_note(struct changed *changed, struct span path, struct error *err)
{
    bool noted;

    pthread_mutex_lock(&changed->lock);
    noted = note_locked(changed, path, err);
    pthread_mutex_unlock(&changed->lock);
    return noted;
}

bool changed_sync(const struct changed *changed, struct error *err)
{
    return fdatasync(changed->fd) == 0 || disk_fail(err, "the list of changed files");
}

void changed_close(struct changed *changed)
{
    if (!changed->opened)
        return;
    fd_close(&changed->fd);
    buf_clear(&changed->last);
    pthread_mutex_destroy(&changed->lock);
    changed->opened = false;
}

static int compare(const void *a, const void *b)
{
    return entry_compare_paths(*(const struct span *)a, *(const struct span *)b);
}

/* Sorted, each once: several segments may have noted one file. */
static void sort_paths(struct changed_list *list)
{
    size_t n = 1;

    if (list->n == 0)
        return;
    qsort(list->path, list->n, sizeof(*list->path), compare);
    for (size_t i = 1; i < list->n; i++)
        if (!span_equal(list->path[i], list->path[n - 1]))
            list->path[n++] = list->path[i];
    list->n = n;
}

/* Every run of bytes between two NULs. */
static void lay_paths(struct changed_list *list)
{
    struct span rest = buf_span(&list->bytes);
    size_t room = 0;

    while (rest.n > 0) {
        const unsigned char *end = memchr(rest.at, 0, rest.n);
        const size_t n = end != NULL ? (size_t)(end - rest.at) : rest.n;

        if (n > 0) {
            if (list->n == room) {
                room = room > 0 ? 2 * room : 16;
                list->path = mem_resize(list->path, room, sizeof(*list->path));
            }
            list->path[list->n++] = span_head(rest, n);
        }
        rest = span_after(rest, n < rest.n ? n + 1 : n);
    }
    sort_paths(list);
}

bool changed_read(struct changed_list *out, int dir, unsigned generation, struct error *err)
{
    char name[NAME_ROOM];

    name_of(name, generation);
    *out = (struct changed_list){.bytes = buf_upto(LIST_BYTES_MAX)};
    if (faccessat(dir, name, F_OK, 0) != 0)
        return errno == ENOENT || fail_errno(err, E_FILE_READ, name);
    if (!fs_read_at(&out->bytes, dir, name, err))
        return false;
    lay_paths(out);
    return true;
}

bool changed_has(const struct changed_list *list, struct span path)
{
    return list->n > 0 &&
           bsearch(&path, list->path, list->n, sizeof(*list->path), compare) != NULL;
}

void changed_clear(struct changed_list *list)
{
    buf_clear(&list->bytes);
    mem_free(list->path);
    *list = (struct changed_list){0};
}

bool changed_forget(int dir, unsigned generation, struct error *err)
{
    char name[NAME_ROOM];

    name_of(name, generation);
    return unlinkat(dir, name, 0) == 0 || errno == ENOENT || disk_fail(err, name);
}
