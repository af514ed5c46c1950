/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/store.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/chain.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANCHORS_DIR "trust/anchors"
#define STORES_DIR "trust/stores"
#define OWN_ANCHOR "identity/current/anchor.pem"
#define OWN_CHAIN "identity/current/" CHAIN_FILE
#define ENTRY_FILE_MAX (2 * CERT_DER_MAX + 4096)
#define OWN_CHAIN_MAX (2U << 20)
#define PATH_ROOM 128
#define ID_DIGITS_MIN 8

void store_file_name(char out[STORE_FILE_NAME], const struct digest *sha256)
{
    char hex[DIGEST_HEX];

    digest_hex(hex, sha256);
    snprintf(out, STORE_FILE_NAME, "%s.pem", hex);
}

static void folder_of(char out[PATH_ROOM], const char *name)
{
    if (text_equal(name, STORE_ROOTS))
        snprintf(out, PATH_ROOM, ANCHORS_DIR);
    else
        snprintf(out, PATH_ROOM, STORES_DIR "/%.*s", STORE_NAME_MAX, name);
}

/* Takes what is in `entry` over; drops a certificate that is there already. */
static void keep(struct store *out, struct entry *entry)
{
    if (store_find(out, &entry->cert.sha256) != NULL) {
        entry_clear(entry);
        return;
    }
    out->entry = mem_resize(out->entry, out->n + 1, sizeof(*out->entry));
    out->entry[out->n++] = *entry;
    *entry = (struct entry){0};
}

static bool read_entry(struct store *out, int dir, const char *file, const char *store,
                       struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(OWN_CHAIN_MAX);
    scoped(entry_clear) struct entry entry = {0};
    struct error why = {0};

    if (out->n == STORE_ENTRIES_MAX)
        return fail(err, E_ANCHORS_FULL, "more than %d in %s", STORE_ENTRIES_MAX, store);
    if (!fs_read_at(&text, dir, file, &why) || !entry_read(&entry, buf_span(&text), &why))
        return fail(err, E_ANCHOR_BROKEN, "%s: %s", file, why.about);
    (void)text_fits(entry.store, store);
    entry.own = text_equal(file, OWN_ANCHOR) || text_equal(file, OWN_CHAIN);
    if (text_equal(file, OWN_CHAIN))
        (void)text_fits(entry.alias, STORE_IDENTITY_ALIAS);
    keep(out, &entry);
    return true;
}

static bool read_folder(struct store *out, int state, const char *name, struct error *err)
{
    char folder[PATH_ROOM];
    scoped(dir_close) DIR *list = NULL;
    const struct dirent *row;

    folder_of(folder, name);
    list = dir_open(state, folder, 0);
    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, folder);
    while ((row = dir_next(list)) != NULL)
        if (text_ends(row->d_name, ".pem") && row->d_name[0] != '.' &&
            !read_entry(out, dirfd(list), row->d_name, name, err))
            return false;
    return errno == 0 || fail_errno(err, E_FILE_READ, folder);
}

static int by_digest(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;

    return memcmp(one->cert.sha256.byte, other->cert.sha256.byte, DIGEST_BYTES);
}

bool store_load(struct store *out, int state, const char *name, struct error *err)
{
    struct store_kind kind = {0};
    const char *own = NULL;
    bool has = false;

    if (!store_kind_named(&kind, state, name, err))
        return false;
    if (kind.holds != STORE_HOLDS_IDENTITY && !read_folder(out, state, name, err))
        return false;
    if (kind.holds == STORE_HOLDS_ANCHORS)
        own = OWN_ANCHOR;
    else if (kind.holds == STORE_HOLDS_IDENTITY)
        own = OWN_CHAIN;
    if (own != NULL && (!fs_has(&has, state, own, err) ||
                        (has && !read_entry(out, state, own, name, err))))
        return false;
    if (out->n > 1)
        qsort(out->entry, out->n, sizeof(*out->entry), by_digest);
    return true;
}

static bool alias_is_free(const struct store *store, const struct entry *entry,
                          struct error *err)
{
    for (size_t i = 0; i < store->n; i++) {
        const struct entry *there = &store->entry[i];
        char hex[DIGEST_HEX];

        if (!text_equal(there->alias, entry->alias) ||
            digest_equal(&there->cert.sha256, &entry->cert.sha256))
            continue;
        digest_hex(hex, &there->cert.sha256);
        return fail(err, E_ALIAS, "%s stands for SHA-256 %s", entry->alias, hex);
    }
    return true;
}

bool store_put(int state, const struct entry *entry, struct error *err)
{
    scoped(store_clear) struct store store = {0};
    scoped(buf_clear) struct buf text = buf_upto(ENTRY_FILE_MAX);
    scoped(fd_close) int dir = -1;
    char folder[PATH_ROOM], name[STORE_FILE_NAME];

    if (!store_load(&store, state, entry->store, err) || !alias_is_free(&store, entry, err))
        return false;
    if (store.n + 1 >= STORE_ENTRIES_MAX && !store_find(&store, &entry->cert.sha256))
        return fail(err, E_ANCHORS_FULL, "%zu are in %s", store.n, entry->store);
    folder_of(folder, entry->store);
    store_file_name(name, &entry->cert.sha256);
    return entry_print(&text, entry, err) && fs_make_dir(&dir, state, folder, 0700, err) &&
           fs_replace(dir, name, buf_span(&text), 0600, err);
}

bool store_drop(int state, const char *name, const struct digest *sha256, struct error *err)
{
    scoped(fd_close) int dir = -1;
    char folder[PATH_ROOM], file[STORE_FILE_NAME];

    folder_of(folder, name);
    store_file_name(file, sha256);
    dir = openat(state, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 && errno != ENOENT)
        return fail_errno(err, E_FILE_READ, folder);
    if (dir >= 0 && unlinkat(dir, file, 0) == 0)
        return fs_sync(dir, folder, err);
    return errno == ENOENT ? fail(err, E_ANCHOR_UNKNOWN, "%s in %s", file, name)
                           : fail_errno(err, E_FILE_WRITE, file);
}

/* Hexadecimal digits alone, lower case; empty when it is something else. */
static void read_digits(char out[CERT_TEXT_MAX], const char *text)
{
    size_t n = 0;

    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ':')
            continue;
        if (!isxdigit((unsigned char)*c) || n + 1 == CERT_TEXT_MAX) {
            n = 0;
            break;
        }
        out[n++] = (char)tolower((unsigned char)*c);
    }
    out[n] = '\0';
}

static bool stands_for(const struct entry *entry, const char *text, const char *digits)
{
    char hex[DIGEST_HEX], key_id[CERT_TEXT_MAX];

    if (text_equal(entry->alias, text) || text_equal(entry->cert.subject_text, text) ||
        text_equal(entry->cert.cn, text))
        return true;
    digest_hex(hex, &entry->cert.sha256);
    read_digits(key_id, entry->key_id);
    return (strlen(digits) >= ID_DIGITS_MIN && text_starts(hex, digits)) ||
           (digits[0] != '\0' &&
            (text_equal(entry->sha1, digits) || text_equal(key_id, digits)));
}

bool store_choose(struct entry **out, const struct store *store, const char *text,
                  struct error *err)
{
    char digits[CERT_TEXT_MAX];

    *out = NULL;
    read_digits(digits, text);
    for (size_t i = 0; i < store->n; i++) {
        if (!stands_for(&store->entry[i], text, digits))
            continue;
        if (*out != NULL)
            return fail(err, E_ANCHOR_ID, "%s stands for more than one", text);
        *out = &store->entry[i];
    }
    if (*out != NULL)
        return true;
    return strlen(digits) >= ID_DIGITS_MIN || digits[0] == '\0'
               ? fail(err, E_ANCHOR_UNKNOWN, "%s", text)
               : fail(err, E_ANCHOR_ID, "%s", text);
}
