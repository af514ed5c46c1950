/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading identities. */
#include "certs/identity.h"

#include "base/fs.h"
#include "base/text.h"
#include "certs/identity_disk.h"
#include "certs/notes.h"
#include "certs/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

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
    key_clear(&identity->client_key);
    chain_clear(&identity->client_chain);
    buf_clear(&identity->server_vouch);
    buf_clear(&identity->client_vouch);
    *identity = (struct identity){0};
}

bool identity_is_split(const struct identity *identity)
{
    return identity->client_chain.n > 0;
}

const struct key *identity_key(const struct identity *identity, enum leaf_use use)
{
    return use == LEAF_CLIENT && identity_is_split(identity) ? &identity->client_key
                                                             : &identity->key;
}

const struct chain *identity_chain(const struct identity *identity, enum leaf_use use)
{
    return use == LEAF_CLIENT && identity_is_split(identity) ? &identity->client_chain
                                                             : &identity->chain;
}

struct leaves identity_leaves(const struct identity *identity)
{
    return (struct leaves){.server = identity_chain(identity, LEAF_SERVER),
                           .client = identity_chain(identity, LEAF_CLIENT),
                           .server_vouch = buf_span(&identity->server_vouch),
                           .client_vouch = buf_span(&identity->client_vouch)};
}

unsigned identity_number_of(const char *name)
{
    uint64_t number = 0;
    struct error err = {0};

    return name[0] != '0' && text_number(&number, name, 1, UINT_MAX, &err)
               ? (unsigned)number
               : 0;
}

bool identities_open(int *out, int state, struct error *err)
{
    if (faccessat(state, IDENTITY_DIR, F_OK, 0) != 0 && errno == ENOENT)
        return fail(err, E_IDENTITY_MISSING, "no folder " IDENTITY_DIR);
    return secret_is_private(state, IDENTITY_DIR, err) &&
           fs_open_dir(out, state, IDENTITY_DIR, err);
}

bool current_read(unsigned *number, int identities, struct error *err)
{
    char to[NAME_ROOM] = "";
    const ssize_t n = readlinkat(identities, CURRENT, to, sizeof(to) - 1);

    *number = 0;
    if (n < 0 && errno == ENOENT)
        return true;
    if (n < 0)
        return fail_errno(err, E_IDENTITY_BROKEN, IDENTITY_DIR "/" CURRENT);
    *number = identity_number_of(to);
    return *number != 0 ||
           fail(err, E_IDENTITY_BROKEN, IDENTITY_DIR "/" CURRENT " points to %s", to);
}

bool change_read(struct last_change *out, int identities, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);

    *out = (struct last_change){0};
    if (faccessat(identities, CHANGE_FILE, F_OK, 0) != 0 && errno == ENOENT)
        return true;
    if (!fs_read_at(&notes, identities, CHANGE_FILE, err))
        return false;
    return (notes_are_whole(buf_span(&notes)) &&
            notes_get_number(&out->epoch, buf_span(&notes), "epoch") &&
            notes_get_number(&out->number, buf_span(&notes), "identity") &&
            notes_get_number(&out->highest, buf_span(&notes), "highest")) ||
           fail(err, E_IDENTITY_BROKEN, IDENTITY_DIR "/" CHANGE_FILE);
}

bool reason_read(struct identity *out, int dir, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    char word[NAME_ROOM];

    if (!fs_read_at(&notes, dir, "reason", err))
        return false;
    if (!notes_are_whole(buf_span(&notes)) ||
        !notes_get(word, sizeof(word), buf_span(&notes), "origin") ||
        !notes_get_number(&out->previous, buf_span(&notes), "previous"))
        return fail(err, E_IDENTITY_BROKEN, "reason");
    (void)notes_get(out->reason, sizeof(out->reason), buf_span(&notes), "reason");
    (void)notes_get(out->purpose, sizeof(out->purpose), buf_span(&notes), "purpose");
    (void)notes_get_number(&out->epoch, buf_span(&notes), "epoch");
    (void)notes_get_time(&out->made, buf_span(&notes), "made");
    for (size_t i = 0; i < COUNT(origins); i++) {
        if (!text_equal(origins[i], word))
            continue;
        out->origin = (enum identity_origin)i;
        out->imported = notes_get(word, sizeof(word), buf_span(&notes), "key") &&
                        text_equal(word, "imported");
        return true;
    }
    return fail(err, E_IDENTITY_BROKEN, "reason: origin %s", word);
}

/* The note is there and says when, or is there: then the time of the file will do. */
static bool read_seen(struct identity *out, int dir, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    struct error unread = {0};
    struct stat st;

    if (fstatat(dir, SEEN_FILE, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || fail_errno(err, E_FILE_READ, SEEN_FILE);
    if (!fs_read_at(&notes, dir, SEEN_FILE, &unread) ||
        !notes_get_time(&out->seen, buf_span(&notes), "seen"))
        out->seen = st.st_mtime;
    return true;
}

static bool read_chain(struct chain *out, int dir, const char *name, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_PEM_MAX);

    return fs_read_at(&pem, dir, name, err) && chain_parse(out, buf_span(&pem), err);
}

/* The key of this chain's leaf: the private one from the file, or the public half. */
static bool read_key(struct key *out, const struct chain *chain, int state, int dir,
                     const char *name, bool with_key, struct error *err)
{
    if (!with_key)
        return key_from_spki(out, chain_leaf(chain)->spki, err);
    if (!sealed_read(out, state, dir, name, err))
        return false;
    return span_equal(buf_span(&out->spki), chain_leaf(chain)->spki) ||
           fail(err, E_IDENTITY_BROKEN, "%s is not the key of its chain", name);
}

/* A line that is not there leaves it empty: the peers will say so. */
static bool read_vouch(struct buf *out, struct span notes, const char *word,
                       struct error *err)
{
    char text[2 * KEY_SIGNATURE_MAX];

    *out = buf_upto(KEY_SIGNATURE_MAX);
    return !notes_get(text, sizeof(text), notes, word) ||
           text_base64_decode(out, span_text(text), err) ||
           fail(err, E_IDENTITY_BROKEN, VOUCH_FILE);
}

static bool read_client(struct identity *out, int state, int dir, bool with_key,
                        struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);

    if (faccessat(dir, CLIENT_CHAIN_FILE, F_OK, 0) != 0 && errno == ENOENT)
        return true;
    return read_chain(&out->client_chain, dir, CLIENT_CHAIN_FILE, err) &&
           read_key(&out->client_key, &out->client_chain, state, dir, CLIENT_KEY_FILE,
                    with_key, err) &&
           fs_read_at(&notes, dir, VOUCH_FILE, err) &&
           read_vouch(&out->server_vouch, buf_span(&notes), "server", err) &&
           read_vouch(&out->client_vouch, buf_span(&notes), "client", err);
}

static bool read_folder(struct identity *out, int state, int identities, bool with_key,
                        struct error *err)
{
    scoped(fd_close) int dir = -1;
    char name[NAME_ROOM];

    snprintf(name, sizeof(name), "%u", out->number);
    if (!secret_is_private(identities, name, err) ||
        !fs_open_dir(&dir, identities, name, err) || !reason_read(out, dir, err) ||
        !read_chain(&out->chain, dir, CHAIN_FILE, err) || !read_seen(out, dir, err))
        return false;
    return read_key(&out->key, &out->chain, state, dir, KEY_FILE, with_key, err) &&
           read_client(out, state, dir, with_key, err);
}

static bool load(struct identity *out, int state, int identities, bool with_key,
                 struct error *err)
{
    struct last_change change = {0};
    struct error why = {0};

    if (!read_folder(out, state, identities, with_key, &why))
        return fail(err, sealed_explains(why.msg) ? why.msg : E_IDENTITY_BROKEN,
                    IDENTITY_DIR "/%u: %s", out->number, why.about);
    if (!change_read(&change, identities, err))
        return false;
    if (change.number == out->number)
        out->epoch = change.epoch;
    return true;
}

bool identity_load(struct identity *out, int state, bool with_key, struct error *err)
{
    scoped(fd_close) int identities = -1;

    if (!identities_open(&identities, state, err) ||
        !current_read(&out->number, identities, err))
        return false;
    if (out->number == 0)
        return fail(err, E_IDENTITY_MISSING, "no link " IDENTITY_DIR "/" CURRENT);
    return load(out, state, identities, with_key, err);
}

bool identity_load_number(struct identity *out, int state, unsigned number, bool with_key,
                          struct error *err)
{
    scoped(fd_close) int identities = -1;
    char name[NAME_ROOM];
    bool has = false;

    snprintf(name, sizeof(name), "%u", number);
    if (!identities_open(&identities, state, err) ||
        (number != 0 && !fs_has(&has, identities, name, err)))
        return false;
    if (!has)
        return fail(err, E_IDENTITY_UNKNOWN, "%u", number);
    out->number = number;
    return load(out, state, identities, with_key, err);
}
