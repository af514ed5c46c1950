/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/store.h"

#include "base/fs.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STORES_DIR "trust/stores"

/* First the thirteen of VECS in its order, then those of Unified CM. The scopes are those
 * of its "delete" and "upload" pages: import into CAPF-trust is local, removal from it is
 * not. */
static const struct store_kind kinds[] = {
    {STORE_IDENTITY, STORE_HOLDS_IDENTITY, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LOCAL},
    {STORE_ROOTS, STORE_HOLDS_ANCHORS, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LIST},
    {STORE_ROOT_CRLS, STORE_HOLDS_CRLS, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LIST},
    {"machine", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LOCAL},
    {"vsphere-webclient", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL,
     DISTRIBUTE_LOCAL},
    {"vpxd", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LOCAL},
    {"vpxd-extension", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL,
     DISTRIBUTE_LOCAL},
    {"hvc", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LOCAL},
    {"data-encipherment", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL,
     DISTRIBUTE_LOCAL},
    {"APPLMGMT_PASSWORD", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL,
     DISTRIBUTE_LOCAL},
    {"SMS", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LOCAL},
    {"wcp", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LOCAL},
    {"KMS_ENCRYPTION", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL,
     DISTRIBUTE_LOCAL},
    {"tomcat-trust", STORE_HOLDS_CERTIFICATES, REACH_ALL, REACH_ALL, DISTRIBUTE_LIST},
    {"ipsec-trust", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LOCAL},
    {"CAPF-trust", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_ALL, DISTRIBUTE_LIST},
    {"Userlicensing-trust", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL,
     DISTRIBUTE_LOCAL},
    {"TVS-trust", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_LOCAL},
    {"Phone-SAST-trust", STORE_HOLDS_CERTIFICATES, REACH_ALL, REACH_ALL, DISTRIBUTE_LOCAL},
    {"Phone-trust", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL, DISTRIBUTE_QUERY},
    {"Phone-CTL-trust", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL,
     DISTRIBUTE_LIST},
    {"CallManager-trust", STORE_HOLDS_CERTIFICATES, REACH_ALL, REACH_ALL, DISTRIBUTE_LIST},
    {"intelligenceCenter-srvr-trust", STORE_HOLDS_CERTIFICATES, REACH_LOCAL, REACH_LOCAL,
     DISTRIBUTE_LOCAL},
};

const struct store_kind *store_kind_at(size_t i)
{
    return i < COUNT(kinds) ? &kinds[i] : NULL;
}

static const struct store_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (text_equal(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

bool store_is_shared(const char *name)
{
    const struct store_kind *kind = find_kind(name);

    return kind != NULL &&
           (kind->holds == STORE_HOLDS_ANCHORS || kind->holds == STORE_HOLDS_CERTIFICATES);
}

/* Letters, digits, '-', '_' and '.', beginning with a letter: also a name of a folder. */
static bool name_is_plain(const char *name)
{
    const size_t n = strlen(name);

    if (n == 0 || n >= STORE_NAME_MAX || !isalpha((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && strchr("-_.", name[i]) == NULL)
            return false;
    return true;
}

static void path_of(char out[sizeof(STORES_DIR) + STORE_NAME_MAX], const char *name)
{
    memcpy(out, STORES_DIR "/", sizeof(STORES_DIR));
    (void)text_copy(out + sizeof(STORES_DIR), STORE_NAME_MAX, name);
}

/* Levenshtein's distance, cut to what a slip of the finger is. */
static size_t distance(const char *a, const char *b)
{
    size_t row[STORE_NAME_MAX + 1] = {0};
    const size_t n = strnlen(b, STORE_NAME_MAX);

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; i < STORE_NAME_MAX && a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 1; j <= n; j++) {
            const size_t changed = diagonal + (a[i] != b[j - 1]);

            diagonal = row[j];
            row[j] = row[j] + 1 < changed ? row[j] + 1 : changed;
            if (row[j - 1] + 1 < row[j])
                row[j] = row[j - 1] + 1;
        }
    }
    return row[n];
}

static const char *nearly(const char *name)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcasecmp(kinds[i].name, name) == 0 || distance(kinds[i].name, name) <= 2)
            return kinds[i].name;
    return NULL;
}

bool store_kind_named(struct store_kind *out, int state, const char *name,
                      struct error *err)
{
    const struct store_kind *row = find_kind(name);
    char path[sizeof(STORES_DIR) + STORE_NAME_MAX];
    bool made = false;

    if (row != NULL) {
        *out = *row;
        return true;
    }
    if (name_is_plain(name)) {
        path_of(path, name);
        if (!fs_has(&made, state, path, err))
            return false;
    }
    if (made) {
        *out = (struct store_kind){.name = name, .holds = STORE_HOLDS_CERTIFICATES};
        return true;
    }
    return nearly(name) != NULL
               ? fail(err, E_STORE_UNKNOWN, "%s; did you mean %s?", name, nearly(name))
               : fail(err, E_STORE_UNKNOWN, "%s", name);
}

bool store_create(int state, const char *name, struct error *err)
{
    char path[sizeof(STORES_DIR) + STORE_NAME_MAX];
    scoped(fd_close) int dir = -1;
    bool made = false;

    if (!name_is_plain(name))
        return fail(err, E_STORE_NAME, "%s", name);
    path_of(path, name);
    if (!fs_has(&made, state, path, err))
        return false;
    if (find_kind(name) != NULL || made)
        return fail(err, E_STORE_NAME, "%s is there already", name);
    if (nearly(name) != NULL)
        return fail(err, E_STORE_NAME, "%s is too much like %s", name, nearly(name));
    return fs_make_dir(&dir, state, path, 0700, err);
}

bool store_delete(int state, const char *name, struct error *err)
{
    char path[sizeof(STORES_DIR) + STORE_NAME_MAX];
    scoped(fd_close) int stores = -1;
    struct store_kind kind = {0};

    if (find_kind(name) != NULL)
        return fail(err, E_STORE_SYSTEM, "%s is always there", name);
    if (!store_kind_named(&kind, state, name, err))
        return false;
    path_of(path, name);
    return fs_remove_tree(state, path, err) &&
           fs_open_dir(&stores, state, STORES_DIR, err) && fs_sync(stores, STORES_DIR, err);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

bool store_made(char (*out)[STORE_NAME_MAX], size_t *n, int state, struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(state, STORES_DIR, 0);
    const struct dirent *row;

    *n = 0;
    if (list == NULL && errno == ENOENT)
        return true;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, STORES_DIR);
    while (*n < STORES_MAX && (row = dir_next(list)) != NULL)
        if (name_is_plain(row->d_name) && find_kind(row->d_name) == NULL &&
            text_copy(out[*n], STORE_NAME_MAX, row->d_name))
            ++*n;
    if (*n < STORES_MAX && errno != 0)
        return fail_errno(err, E_FILE_READ, STORES_DIR);
    qsort(out, *n, STORE_NAME_MAX, compare_names);
    return true;
}
