/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/identity.h"

#include "base/fs.h"
#include "base/text.h"
#include "certs/notes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CURRENT "current"
#define NAME_ROOM 16
#define CHAIN_PEM_MAX (2 * CHAIN_FILE_MAX)

static const char *const origins[] = {
    [IDENTITY_SELF_SIGNED] = "self-signed",
    [IDENTITY_CHAIN] = "chain",
    [IDENTITY_SINGLE] = "single",
};

const char *identity_origin_name(enum identity_origin origin)
{
    return origins[origin];
}

void identity_clear(struct identity *identity)
{
    key_clear(&identity->key);
    chain_clear(&identity->chain);
    *identity = (struct identity){0};
}

static void dir_close(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
    *dir = NULL;
}

/* "1", "2" …; 0 for every other name. */
static unsigned number_of(const char *name)
{
    uint64_t number = 0;
    struct error err = {0};

    return name[0] != '0' && text_number(&number, name, 1, UINT_MAX, &err)
               ? (unsigned)number
               : 0;
}

/* Where `current` points; 0 when there is no such link. */
static bool read_current(unsigned *number, int identities, struct error *err)
{
    char to[NAME_ROOM] = "";
    const ssize_t n = readlinkat(identities, CURRENT, to, sizeof(to) - 1);

    *number = 0;
    if (n < 0 && errno == ENOENT)
        return true;
    if (n < 0)
        return fail_errno(err, E_IDENTITY_BROKEN, IDENTITY_DIR "/" CURRENT);
    *number = number_of(to);
    return *number != 0 ||
           fail(err, E_IDENTITY_BROKEN, IDENTITY_DIR "/" CURRENT " points to %s", to);
}

static bool read_reason(struct identity *out, int dir, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    char origin[NAME_ROOM];

    if (!fs_read_at(&notes, dir, "reason", err))
        return false;
    if (!notes_get(origin, sizeof(origin), buf_span(&notes), "origin") ||
        !notes_get_number(&out->previous, buf_span(&notes), "previous"))
        return fail(err, E_IDENTITY_BROKEN, "reason");
    (void)notes_get(out->reason, sizeof(out->reason), buf_span(&notes), "reason");
    for (size_t i = 0; i < COUNT(origins); i++) {
        if (text_equal(origins[i], origin)) {
            out->origin = (enum identity_origin)i;
            return true;
        }
    }
    return fail(err, E_IDENTITY_BROKEN, "reason: origin %s", origin);
}

static bool read_chain(struct identity *out, int dir, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_PEM_MAX);

    return fs_read_at(&pem, dir, "chain.pem", err) &&
           chain_parse(&out->chain, buf_span(&pem), err);
}

static bool read_key(struct identity *out, int dir, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);

    if (!fs_read_secret(&pem, dir, "key.pem", err) ||
        !key_from_pem(&out->key, buf_span(&pem), err))
        return false;
    return span_equal(buf_span(&out->key.spki), chain_leaf(&out->chain)->spki) ||
           fail(err, E_IDENTITY_BROKEN, "key.pem is not the key of chain.pem");
}

static bool read_folder(struct identity *out, int identities, unsigned number,
                        bool with_key, struct error *err)
{
    scoped(fd_close) int dir = -1;
    struct error why = {0};
    char name[NAME_ROOM];

    snprintf(name, sizeof(name), "%u", number);
    out->number = number;
    if (fs_open_dir(&dir, identities, name, &why) && read_reason(out, dir, &why) &&
        read_chain(out, dir, &why) &&
        (with_key ? read_key(out, dir, &why)
                  : key_from_spki(&out->key, chain_leaf(&out->chain)->spki, &why)))
        return true;
    /* A key that others can read has its own remedy. */
    return fail(err, why.msg == E_SECRET_OPEN ? why.msg : E_IDENTITY_BROKEN,
                IDENTITY_DIR "/%u: %s", number, why.about);
}

static bool open_identities(int *out, int state, struct error *err)
{
    if (faccessat(state, IDENTITY_DIR, F_OK, 0) != 0 && errno == ENOENT)
        return fail(err, E_IDENTITY_MISSING, "no folder " IDENTITY_DIR);
    return fs_open_dir(out, state, IDENTITY_DIR, err);
}

bool identity_load(struct identity *out, int state, bool with_key, struct error *err)
{
    scoped(fd_close) int identities = -1;
    unsigned number = 0;

    if (!open_identities(&identities, state, err) ||
        !read_current(&number, identities, err))
        return false;
    if (number == 0)
        return fail(err, E_IDENTITY_MISSING, "no link " IDENTITY_DIR "/" CURRENT);
    return read_folder(out, identities, number, with_key, err);
}

/* The next free number, and what a killed installation left behind taken away. */
static bool prepare(unsigned *next, int identities, struct error *err)
{
    const int copy = openat(identities, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scoped(dir_close) DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;

    *next = 1;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, IDENTITY_DIR);
    while ((entry = readdir(list)) != NULL) {
        const unsigned number = number_of(entry->d_name);

        if (number >= *next && number < UINT_MAX)
            *next = number + 1;
        if (text_ends(entry->d_name, ".new") &&
            !fs_remove_tree(identities, entry->d_name, err))
            return false;
    }
    return true;
}

static bool write_reason(int dir, enum identity_origin origin, unsigned previous,
                         const char *reason, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);

    return notes_add(&notes, "origin", origins[origin], err) &&
           buf_print(&notes, err, "previous %u\n", previous) &&
           notes_add(&notes, "reason", reason, err) &&
           fs_replace(dir, "reason", buf_span(&notes), 0600, err);
}

static bool write_key(int dir, const struct key *key, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);

    return key_to_pem(&pem, key, err) &&
           fs_replace(dir, "key.pem", buf_span(&pem), 0600, err);
}

static bool write_chain(int dir, const struct chain *chain, bool with_anchor,
                        struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_PEM_MAX);
    scoped(buf_clear) struct buf anchor = buf_upto(CHAIN_PEM_MAX);

    if (!chain_to_pem(&pem, chain, err) ||
        !fs_replace(dir, "chain.pem", buf_span(&pem), 0600, err))
        return false;
    return !with_anchor || (cert_to_pem(&anchor, chain_root(chain), err) &&
                            fs_replace(dir, "anchor.pem", buf_span(&anchor), 0600, err));
}

bool identity_install(unsigned *number, int state, const struct key *key,
                      const struct chain *chain, enum identity_origin origin,
                      const char *reason, struct error *err)
{
    scoped(fd_close) int identities = -1;
    scoped(fd_close) int dir = -1;
    char aside[NAME_ROOM + sizeof(".new")], name[NAME_ROOM];
    unsigned previous = 0;

    if (chain->n == 0 || !span_equal(buf_span(&key->spki), chain_leaf(chain)->spki))
        return fail(err, E_IDENTITY_KEY, "the leaf has another public key");
    if (!fs_make_dir(&identities, state, IDENTITY_DIR, 0700, err) ||
        !fs_sync(state, IDENTITY_DIR, err) || !prepare(number, identities, err) ||
        !read_current(&previous, identities, err))
        return false;
    snprintf(name, sizeof(name), "%u", *number);
    snprintf(aside, sizeof(aside), "%s.new", name);
    return fs_make_dir(&dir, identities, aside, 0700, err) && write_key(dir, key, err) &&
           write_chain(dir, chain, origin == IDENTITY_CHAIN, err) &&
           write_reason(dir, origin, previous, reason, err) &&
           fs_rename_new(identities, aside, name, err) &&
           fs_relink(identities, CURRENT, name, err);
}

/* What was current before it; needs no more of the identity than its reason. */
static bool read_previous(unsigned *number, int identities, struct error *err)
{
    scoped(fd_close) int dir = -1;
    struct identity now = {0};

    if (!read_current(number, identities, err))
        return false;
    if (*number == 0)
        return fail(err, E_IDENTITY_MISSING, "no link " IDENTITY_DIR "/" CURRENT);
    if (!fs_open_dir(&dir, identities, CURRENT, err) || !read_reason(&now, dir, err))
        return false;
    if (now.previous == 0)
        return fail(err, E_IDENTITY_FIRST, "identity %u is the first", *number);
    *number = now.previous;
    return true;
}

bool identity_restore(int state, unsigned number, struct error *err)
{
    scoped(identity_clear) struct identity then = {0};
    scoped(fd_close) int identities = -1;
    char name[NAME_ROOM];

    if (!open_identities(&identities, state, err) ||
        (number == 0 && !read_previous(&number, identities, err)))
        return false;
    snprintf(name, sizeof(name), "%u", number);
    return read_folder(&then, identities, number, true, err) &&
           fs_relink(identities, CURRENT, name, err);
}
