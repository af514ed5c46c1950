/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/tomb.h"

#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_NAME_MAX (STORE_NAME_MAX + STORE_FILE_NAME)
#define ENTRY_FILE_MAX (2 * CERT_DER_MAX + 4096)

static void name_of(char out[FILE_NAME_MAX], const struct entry *entry)
{
    char file[STORE_FILE_NAME];

    store_file_name(file, &entry->cert.sha256);
    snprintf(out, FILE_NAME_MAX, "%s.%s", entry->store, file);
}

bool tomb_read(struct entry *out, int dir, const char *file, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(ENTRY_FILE_MAX);
    char name[FILE_NAME_MAX];

    if (!fs_read_at(&text, dir, file, err) || !entry_read(out, buf_span(&text), err))
        return false;
    name_of(name, out);
    return text_equal(name, file) ||
           fail(err, E_FILE_READ, "%s holds another certificate", file);
}

/* One file; a tombstone that is too old is taken away, and one that is damaged is not in
 * the way of anything. */
static bool take_tomb(struct store *out, int dir, const char *file, time_t now,
                      struct error *err)
{
    scoped(entry_clear) struct entry entry = {0};
    struct error why = {0};

    if (!tomb_read(&entry, dir, file, &why))
        return true;
    if (now - entry.removed <= TOMB_SECONDS)
        return out->n == STORE_ENTRIES_MAX || store_add(out, &entry, err);
    return unlinkat(dir, file, 0) == 0 || fail_errno(err, E_FILE_WRITE, file);
}

bool tombs_load(struct store *out, int state, time_t now, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, REMOVED_DIR, 0);
    const struct dirent *row;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, REMOVED_DIR);
    while ((row = dir_next(list)) != NULL)
        if (text_ends(row->d_name, ".pem") && row->d_name[0] != '.' &&
            !take_tomb(out, dirfd(list), row->d_name, now, err))
            return false;
    return errno == 0 || fail_errno(err, E_FILE_READ, REMOVED_DIR);
}

bool tomb_lay(int state, const struct entry *entry, time_t now, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(ENTRY_FILE_MAX);
    scoped(store_clear) struct store old = {0};
    scoped(fd_close) int dir = -1;
    struct entry tomb = *entry; /* borrows the certificate */
    char name[FILE_NAME_MAX];

    tomb.removed = now;
    name_of(name, &tomb);
    return tombs_load(&old, state, now, err) && entry_print(&text, &tomb, err) &&
           fs_make_dir(&dir, state, REMOVED_DIR, 0700, err) &&
           fs_replace(dir, name, buf_span(&text), 0600, err) &&
           store_drop(state, entry->store, &entry->cert.sha256, err);
}

bool tomb_undo(int state, const struct entry *entry, time_t now, struct error *err)
{
    scoped(fd_close) int dir = -1;
    struct entry back = *entry; /* borrows the certificate */
    char name[FILE_NAME_MAX];

    back.removed = 0;
    back.automatic = false;
    back.added = now;
    name_of(name, entry);
    if (!store_put(state, &back, err) || !fs_open_dir(&dir, state, REMOVED_DIR, err))
        return false;
    return (unlinkat(dir, name, 0) == 0 || fail_errno(err, E_FILE_WRITE, name)) &&
           fs_sync(dir, REMOVED_DIR, err);
}
