/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/ledger.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/notes.h"
#include "certs/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_BYTES 4 /* random, in hexadecimal */
#define PATH_ROOM (sizeof(REQUESTS_DIR) + LEDGER_ID_MAX + 1)

/* Lower-case hexadecimal, as ledger_add makes it: nothing that leads elsewhere. */
static bool is_id(const char *name)
{
    return strlen(name) == 2 * ID_BYTES && strspn(name, "0123456789abcdef") == 2 * ID_BYTES;
}

static void note_damage(struct ledger *ledger, const char *id, const struct error *why)
{
    struct damaged_request *damaged;

    ledger->damaged =
        mem_resize(ledger->damaged, ledger->damages + 1, sizeof(*ledger->damaged));
    damaged = &ledger->damaged[ledger->damages++];
    *damaged = (struct damaged_request){0};
    (void)text_fits(damaged->id, id);
    fail(&damaged->why, E_REQUEST_BROKEN, REQUESTS_DIR "/%s: %s", id, why->about);
    damaged->why.severity = SEVERITY_WARNING;
}

static bool read_pending(struct pending *out, int requests, const char *id,
                         struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    scoped(fd_close) int dir = -1;

    if (!fs_open_dir(&dir, requests, id, err) || !fs_read_at(&notes, dir, "meta", err) ||
        !fs_read_at(&pem, dir, "request.pem", err) ||
        !csr_parse(&out->request, buf_span(&pem), err))
        return false;
    if (!notes_are_whole(buf_span(&notes)) ||
        !notes_get_time(&out->created, buf_span(&notes), "created") ||
        !notes_get(out->purpose, sizeof(out->purpose), buf_span(&notes), "purpose"))
        return fail(err, E_REQUEST_BROKEN, "meta");
    if (!notes_get_time(&out->used, buf_span(&notes), "used"))
        out->used = 0;
    return text_fits(out->id, id);
}

static struct pending *ledger_grow(struct ledger *ledger)
{
    ledger->item = mem_resize(ledger->item, ledger->n + 1, sizeof(*ledger->item));
    ledger->item[ledger->n] = (struct pending){0};
    return &ledger->item[ledger->n++];
}

static int by_age(const void *a, const void *b)
{
    const struct pending *one = a, *two = b;

    if (one->created != two->created)
        return one->created < two->created ? -1 : 1;
    return strcmp(one->id, two->id);
}

bool ledger_load(struct ledger *out, int state, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, REQUESTS_DIR, O_NOFOLLOW);
    const struct dirent *entry;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, REQUESTS_DIR);
    while ((entry = dir_next(list)) != NULL) {
        struct error why = {0};

        if (!is_id(entry->d_name))
            continue;
        if (out->n + out->damages == LEDGER_MAX)
            return fail(err, E_REQUESTS_FULL, "more than %d", LEDGER_MAX);
        if (read_pending(ledger_grow(out), dirfd(list), entry->d_name, &why))
            continue;
        csr_clear(&out->item[--out->n].request);
        note_damage(out, entry->d_name, &why);
    }
    if (errno != 0)
        return fail_errno(err, E_FILE_READ, REQUESTS_DIR);
    if (out->n > 0)
        qsort(out->item, out->n, sizeof(*out->item), by_age);
    return true;
}

static bool write_meta(int dir, const char *purpose, time_t created, time_t used,
                       struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);

    if (!notes_add_time(&notes, "created", created, err) ||
        !notes_add(&notes, "purpose", purpose, err))
        return false;
    if (used != 0 && !notes_add_time(&notes, "used", used, err))
        return false;
    return fs_replace(dir, "meta", buf_span(&notes), 0600, err);
}

static bool write_folder(int state, int requests, const char *name, const struct key *key,
                         struct span request, struct error *err)
{
    scoped(fd_close) int dir = -1;

    return fs_make_dir(&dir, requests, name, 0700, err) &&
           sealed_write(state, dir, KEY_FILE, key, err) &&
           fs_replace(dir, "request.pem", request, 0600, err);
}

static bool make_id(char id[LEDGER_ID_MAX], struct error *err)
{
    unsigned char random[ID_BYTES];

    if (!random_fill(random, sizeof(random), err))
        return false;
    text_hex(id, span_of(random, sizeof(random)));
    return true;
}

bool ledger_add(char id[LEDGER_ID_MAX], int state, const struct key *key,
                struct span request, const char *purpose, time_t now, struct error *err)
{
    scoped(ledger_clear) struct ledger present = {0};
    scoped(fd_close) int requests = -1;
    scoped(fd_close) int dir = -1;
    char aside[LEDGER_ID_MAX + sizeof(".new")];

    if (!ledger_load(&present, state, err))
        return false;
    if (present.n + present.damages == LEDGER_MAX)
        return fail(err, E_REQUESTS_FULL, "%zu are kept", present.n + present.damages);
    if (!make_id(id, err) || !fs_make_dir(&requests, state, REQUESTS_DIR, 0700, err))
        return false;
    snprintf(aside, sizeof(aside), "%s.new", id);
    return write_folder(state, requests, aside, key, request, err) &&
           fs_open_dir(&dir, requests, aside, err) &&
           write_meta(dir, purpose, now, 0, err) &&
           fs_rename_new(requests, aside, id, err) && fs_sync(state, REQUESTS_DIR, err);
}

const struct pending *ledger_find_key(const struct ledger *ledger,
                                      const struct digest *spki_sha256)
{
    for (size_t i = 0; i < ledger->n; i++)
        if (digest_equal(&ledger->item[i].request.spki_sha256, spki_sha256))
            return &ledger->item[i];
    return NULL;
}

const struct pending *ledger_find(const struct ledger *ledger, const char *id)
{
    for (size_t i = 0; i < ledger->n; i++)
        if (text_equal(ledger->item[i].id, id))
            return &ledger->item[i];
    return NULL;
}

/* Where it is, or would be; an error when it is not there or cannot be looked at. */
static bool find_folder(char path[PATH_ROOM], int state, const char *id, struct error *err)
{
    bool has = false;

    snprintf(path, PATH_ROOM, REQUESTS_DIR "/%.*s", LEDGER_ID_MAX, id);
    if (is_id(id) && !fs_has(&has, state, path, err))
        return false;
    return has || fail(err, E_REQUEST_UNKNOWN, "%s", id);
}

static bool open_folder(int *out, int state, const char *id, struct error *err)
{
    char path[PATH_ROOM];

    return find_folder(path, state, id, err) && fs_open_dir(out, state, path, err);
}

bool ledger_load_key(struct key *out, int state, const struct pending *pending,
                     struct error *err)
{
    scoped(fd_close) int dir = -1;

    if (!open_folder(&dir, state, pending->id, err) || !secret_is_private(dir, ".", err) ||
        !sealed_read(out, state, dir, KEY_FILE, err))
        return false;
    return span_equal(buf_span(&out->spki), pending->request.spki) ||
           fail(err, E_REQUEST_BROKEN, REQUESTS_DIR "/%s: another key", pending->id);
}

bool ledger_load_request(struct buf *out, int state, const char *id, struct error *err)
{
    scoped(fd_close) int dir = -1;

    return open_folder(&dir, state, id, err) && fs_read_at(out, dir, "request.pem", err);
}

bool ledger_mark_used(int state, const struct pending *pending, time_t now,
                      struct error *err)
{
    scoped(fd_close) int dir = -1;

    return open_folder(&dir, state, pending->id, err) &&
           write_meta(dir, pending->purpose, pending->created, now, err);
}

bool ledger_drop(int state, const char *id, struct error *err)
{
    scoped(fd_close) int requests = -1;
    char aside[LEDGER_ID_MAX + sizeof(".old")], path[PATH_ROOM];

    snprintf(aside, sizeof(aside), "%.*s.old", LEDGER_ID_MAX, id);
    return find_folder(path, state, id, err) &&
           fs_open_dir(&requests, state, REQUESTS_DIR, err) &&
           fs_rename_new(requests, id, aside, err) &&
           fs_remove_tree(requests, aside, err) && fs_sync(requests, id, err);
}

/* Names that ledger_add and ledger_drop make, and half-written files inside a folder. */
static bool sweep_below(int at, const char *name, bool folders, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(at, name, O_NOFOLLOW);
    const struct dirent *entry;

    if (list == NULL)
        return true; /* not there, or for its owner to mend */
    while ((entry = dir_next(list)) != NULL) {
        if ((text_ends(entry->d_name, ".new") || text_ends(entry->d_name, ".old")) &&
            !fs_remove_tree(dirfd(list), entry->d_name, err))
            return false;
        if (folders && is_id(entry->d_name) &&
            !sweep_below(dirfd(list), entry->d_name, false, err))
            return false;
    }
    return errno == 0 || fail_errno(err, E_FILE_READ, name);
}

bool ledger_sweep(int state, struct error *err)
{
    return sweep_below(state, REQUESTS_DIR, true, err);
}

void ledger_clear(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->n; i++)
        csr_clear(&ledger->item[i].request);
    mem_free(ledger->item);
    mem_free(ledger->damaged);
    *ledger = (struct ledger){0};
}
