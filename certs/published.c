/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/published.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PUBLISHED_DIR "trust/published"
#define OWN_FILE "own.pem"
#define FILE_ROOM (LIST_ID_MAX + 4)

void published_clear(struct published *list)
{
    store_clear(&list->entries);
    crls_clear(&list->crls);
    mem_free(list->removal);
    *list = (struct published){0};
}

void published_lists_clear(struct published_lists *lists)
{
    for (size_t i = 0; i < lists->n; i++)
        published_clear(&lists->list[i]);
    lists->n = 0;
}

const struct entry *published_find(const struct published *list, const char *store,
                                   const struct digest *sha256)
{
    for (size_t i = 0; i < list->entries.n; i++)
        if (text_equal(list->entries.entry[i].store, store) &&
            digest_equal(&list->entries.entry[i].cert.sha256, sha256))
            return &list->entries.entry[i];
    return NULL;
}

const struct entry *published_find_any(const struct published_lists *lists,
                                       const char *store, const struct digest *sha256)
{
    const struct entry *found = NULL;

    for (size_t i = 0; i < lists->n && found == NULL; i++)
        found = published_find(&lists->list[i], store, sha256);
    return found;
}

static bool read_file(struct published *out, int state, const char *file, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(PUBLISHED_BYTES_MAX);
    char path[sizeof(PUBLISHED_DIR) + FILE_ROOM];
    struct error why = {0};

    snprintf(path, sizeof(path), PUBLISHED_DIR "/%s", file);
    return (fs_read_at(&text, state, path, &why) &&
            published_parse(out, buf_span(&text), &why)) ||
           fail(err, E_ANCHOR_BROKEN, "%s: %s", path, why.about);
}

bool published_load_own(struct published *out, int state, struct error *err)
{
    unsigned char id[(LIST_ID_MAX - 1) / 2];
    bool has = false;

    if (!fs_has(&has, state, PUBLISHED_DIR "/" OWN_FILE, err))
        return false;
    if (has)
        return read_file(out, state, OWN_FILE, err);
    if (!random_fill(id, sizeof(id), err))
        return false;
    text_hex(out->list, span_of(id, sizeof(id)));
    return true;
}

static bool read_adopted(struct published_lists *out, DIR *list, int state,
                         struct error *err)
{
    const struct dirent *row;

    while ((row = dir_next(list)) != NULL) {
        char file[FILE_ROOM];

        if (!text_ends(row->d_name, ".pem") || text_equal(row->d_name, OWN_FILE) ||
            row->d_name[0] == '.' || !text_fits(file, row->d_name))
            continue;
        if (out->n == COUNT(out->list))
            return fail(err, E_PUBLISHED_FULL, "more than %d", PUBLISHED_LISTS_MAX);
        if (!read_file(&out->list[out->n++], state, file, err))
            return false;
    }
    return errno == 0 || fail_errno(err, E_FILE_READ, PUBLISHED_DIR);
}

bool published_load_all(struct published_lists *out, int state, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, PUBLISHED_DIR, 0);
    bool has = false;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, PUBLISHED_DIR);
    if (!fs_has(&has, dirfd(list), OWN_FILE, err) ||
        (has && !read_file(&out->list[out->n++], state, OWN_FILE, err)))
        return false;
    return read_adopted(out, list, state, err);
}

static bool write_file(int state, const char *file, const struct published *list,
                       struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(PUBLISHED_BYTES_MAX);
    scoped(fd_close) int dir = -1;

    return published_print(&text, list, err) &&
           fs_make_dir(&dir, state, PUBLISHED_DIR, 0700, err) &&
           fs_replace(dir, file, buf_span(&text), 0600, err);
}

bool published_save_own(int state, const struct published *list, struct error *err)
{
    return write_file(state, OWN_FILE, list, err);
}

bool published_keep(int state, const struct published *list, struct error *err)
{
    char file[FILE_ROOM];

    snprintf(file, sizeof(file), "%s.pem", list->list);
    return write_file(state, file, list, err);
}

bool published_forget(int state, const char *list, struct error *err)
{
    char file[FILE_ROOM];
    scoped(fd_close) int dir = -1;

    snprintf(file, sizeof(file), "%.*s.pem", LIST_ID_MAX - 1, list);
    if (!fs_open_dir(&dir, state, PUBLISHED_DIR, err))
        return false;
    return (unlinkat(dir, file, 0) == 0 || fail_errno(err, E_FILE_WRITE, file)) &&
           fs_sync(dir, PUBLISHED_DIR, err);
}

bool published_add(struct published *list, const struct entry *entry,
                   const struct entry **renews, bool *changed, struct error *err)
{
    size_t kept = 0;

    *renews = NULL;
    *changed = false;
    if (published_find(list, entry->store, &entry->cert.sha256) != NULL)
        return true;
    if (list->entries.n == PUBLISHED_ENTRIES_MAX)
        return fail(err, E_PUBLISHED_FULL, "%d entries", PUBLISHED_ENTRIES_MAX);
    if (!store_add(&list->entries, entry, err))
        return false;
    for (size_t i = 0; i + 1 < list->entries.n; i++)
        if (text_equal(list->entries.entry[i].store, entry->store) &&
            digest_equal(&list->entries.entry[i].cert.spki_sha256,
                         &entry->cert.spki_sha256))
            *renews = &list->entries.entry[i];
    for (size_t i = 0; i < list->removals; i++)
        if (!text_equal(list->removal[i].store, entry->store) ||
            !digest_equal(&list->removal[i].sha256, &entry->cert.sha256))
            list->removal[kept++] = list->removal[i];
    list->removals = kept;
    list->sequence++;
    *changed = true;
    return true;
}

/* The oldest removal makes room: who has not adopted a list for so long starts anew. */
static void remember_removal(struct published *list, const char *store,
                             const struct digest *sha256, time_t now)
{
    struct removal *removal;

    if (list->removals == PUBLISHED_REMOVALS_MAX) {
        list->removals--;
        for (size_t i = 0; i < list->removals; i++)
            list->removal[i] = list->removal[i + 1];
    }
    list->removal = mem_resize(list->removal, list->removals + 1, sizeof(*list->removal));
    removal = &list->removal[list->removals++];
    *removal = (struct removal){.sha256 = *sha256, .at = now};
    (void)text_fits(removal->store, store);
}

bool published_remove(struct published *list, const char *store,
                      const struct digest *sha256, bool everywhere, time_t now,
                      struct error *err)
{
    struct store *entries = &list->entries;
    size_t kept = 0;

    for (size_t i = 0; i < entries->n; i++) {
        if (text_equal(entries->entry[i].store, store) &&
            digest_equal(&entries->entry[i].cert.sha256, sha256))
            entry_clear(&entries->entry[i]);
        else
            entries->entry[kept++] = entries->entry[i];
    }
    if (kept == entries->n && !everywhere)
        return fail(err, E_PUBLISHED_NONE, "in %s", store);
    entries->n = kept;
    if (everywhere)
        remember_removal(list, store, sha256, now);
    list->sequence++;
    return true;
}

bool published_add_crl(struct published *list, const struct crl *crl, struct error *err)
{
    struct crls *crls = &list->crls;
    struct crl copy = {0};
    size_t at = 0;

    while (at < crls->n && !span_equal(crls->item[at].issuer, crl->issuer))
        at++;
    if (at < crls->n && span_equal(buf_span(&crls->item[at].der), buf_span(&crl->der)))
        return true;
    if (at == CRLS_MAX)
        return fail(err, E_PUBLISHED_FULL, "%d revocation lists", CRLS_MAX);
    if (!crl_parse(&copy, buf_span(&crl->der), err)) {
        crl_clear(&copy);
        return false;
    }
    if (at == crls->n) {
        crls->item = mem_resize(crls->item, crls->n + 1, sizeof(*crls->item));
        crls->n++;
    } else {
        crl_clear(&crls->item[at]);
    }
    crls->item[at] = copy;
    list->sequence++;
    return true;
}
