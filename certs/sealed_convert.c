/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All keys of a state directory, from one form at rest to the other. */
#include "base/fs.h"
#include "base/text.h"
#include "certs/ca.h"
#include "certs/identity.h"
#include "certs/ledger.h"
#include "certs/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* The names of keys in a folder: an identity of two leaves has two, a CA its root's. */
static const char *const key_files[] = {KEY_FILE, CLIENT_KEY_FILE, ROOT_KEY_FILE};

static bool convert_one(size_t *n, int state, int folder, const char *name, bool seal,
                        struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    scoped(buf_clear) struct buf plain = buf_upto(KEY_PEM_MAX);
    scoped(key_clear) struct key key = key_none();
    bool has = false;

    if (!fs_has(&has, folder, name, err))
        return false;
    if (!has)
        return true;
    if (!fs_read_secret(&pem, folder, name, err))
        return false;
    if (key_is_sealed(buf_span(&pem)) == seal)
        return true;
    if (!sealed_read(&key, state, folder, name, err))
        return false;
    ++*n;
    if (seal)
        return sealed_write(state, folder, name, &key, err);
    return key_to_pem(&plain, &key, err) &&
           fs_replace(folder, name, buf_span(&plain), 0600, err);
}

static bool is_any(const char *name)
{
    return name[0] != '.';
}

/* The built-in CA, and those whose place it took. */
static bool is_ca(const char *name)
{
    return text_equal(name, CA_DIR) || text_starts(name, CA_DIR ".");
}

/* What is no folder, links too, holds no key of ours. */
static bool convert_folder(size_t *n, int state, int at, const char *name, bool seal,
                           struct error *err)
{
    scoped(fd_close) int folder =
        openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (folder < 0)
        return errno == ENOTDIR || fail_errno(err, E_FILE_READ, name);
    for (size_t i = 0; i < COUNT(key_files); i++)
        if (!convert_one(n, state, folder, key_files[i], seal, err))
            return false;
    return true;
}

/* Every such folder below `name`, which need not be there. */
static bool convert_below(size_t *n, int state, const char *name, bool (*is)(const char *),
                          bool seal, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, name, O_NOFOLLOW);
    const struct dirent *entry;

    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, name);
    while ((entry = dir_next(list)) != NULL)
        if (is(entry->d_name) &&
            !convert_folder(n, state, dirfd(list), entry->d_name, seal, err))
            return false;
    return errno == 0 || fail_errno(err, E_FILE_READ, name);
}

static bool convert_all(size_t *n, int state, bool seal, struct error *err)
{
    return convert_below(n, state, IDENTITY_DIR, is_any, seal, err) &&
           convert_below(n, state, REQUESTS_DIR, is_any, seal, err) &&
           convert_below(n, state, ".", is_ca, seal, err);
}

/* The link first: what is encrypted can be read from then on. */
static bool turn_on(size_t *n, int state, const char *path, struct error *err)
{
    scoped(buf_clear) struct buf passphrase = buf_upto(PASSPHRASE_MAX);
    char whole[PATH_MAX], now[PATH_MAX] = "";

    if (realpath(path, whole) == NULL)
        return fail_errno(err, E_FILE_READ, path);
    if (!passphrase_read(&passphrase, AT_FDCWD, whole, err))
        return false;
    if (passphrase.n < PASSPHRASE_MIN)
        return fail(err, E_PASSPHRASE_FORM, "%zu bytes", passphrase.n);
    if (readlinkat(state, SEALED_LINK, now, sizeof(now) - 1) > 0 && !text_equal(now, whole))
        return fail(err, E_KEY_SEALED_ALREADY, "with the passphrase in %s", now);
    return fs_relink(state, SEALED_LINK, whole, err) && convert_all(n, state, true, err);
}

/* The link last: what is still encrypted can be read until then. */
static bool turn_off(size_t *n, int state, struct error *err)
{
    if (!convert_all(n, state, false, err))
        return false;
    if (unlinkat(state, SEALED_LINK, 0) != 0 && errno != ENOENT)
        return fail_errno(err, E_FILE_WRITE, SEALED_LINK);
    return fs_sync(state, SEALED_LINK, err);
}

bool sealed_convert(size_t *n, int state, const char *path, struct error *err)
{
    *n = 0;
    return path != NULL ? turn_on(n, state, path, err) : turn_off(n, state, err);
}
