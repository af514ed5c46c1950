/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of the identity. Each is prepared aside and durable before the link moves; what a
 * kill leaves of the preparation is invisible, and swept up by the next change:
 *   folder <n>.new -> <n>, then `rollback`, then `change`, then the link.
 */
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

/* One past every number ever given. */
static bool next_number(unsigned *next, int identities, const struct last_change *change,
                        struct error *err)
{
    scoped(dir_close) DIR *list = dir_open(identities, ".", 0);
    const struct dirent *entry;

    *next = change->highest + 1;
    if (list == NULL)
        return fail_errno(err, E_FILE_READ, IDENTITY_DIR);
    while ((entry = dir_next(list)) != NULL) {
        const unsigned number = identity_number_of(entry->d_name);

        if (number >= *next && number < UINT_MAX)
            *next = number + 1;
    }
    return errno == 0 || fail_errno(err, E_FILE_READ, IDENTITY_DIR);
}

static bool write_change(int identities, const struct last_change *last,
                         const struct identity_change *change, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);

    return buf_print(&notes, err, "epoch %u\nidentity %u\nhighest %u\n", last->epoch,
                     last->number, last->highest) &&
           notes_add(&notes, "reason", change->reason, err) &&
           (change->now == 0 || notes_add_time(&notes, "made", change->now, err)) &&
           fs_replace(identities, CHANGE_FILE, buf_span(&notes), 0600, err);
}

static bool write_rollback(int identities, unsigned number, unsigned back, time_t deadline,
                           struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);

    return notes_add_time(&notes, "deadline", deadline, err) &&
           buf_print(&notes, err, "identity %u\nback %u\n", number, back) &&
           fs_replace(identities, ROLLBACK_FILE, buf_span(&notes), 0600, err);
}

/* The deadline first, the link last; a deadline of what is no longer current goes then. */
static bool move_current(int identities, unsigned back, struct last_change *last,
                         const struct identity_change *change, struct error *err)
{
    char name[NAME_ROOM];

    last->epoch++;
    if (last->highest < last->number)
        last->highest = last->number;
    snprintf(name, sizeof(name), "%u", last->number);
    if (change->deadline != 0 && back != 0 &&
        !write_rollback(identities, last->number, back, change->deadline, err))
        return false;
    if (!write_change(identities, last, change, err) ||
        !fs_relink(identities, CURRENT, name, err))
        return false;
    if (change->deadline != 0 || unlinkat(identities, ROLLBACK_FILE, 0) != 0)
        return true;
    return fs_sync(identities, IDENTITY_DIR, err);
}

/* While a change waits for its confirmation there is no second one on top of it. */
static bool none_is_pending(int state, struct error *err)
{
    struct identity_rollback rollback = {0};

    return identity_rollback_read(&rollback, state, err) &&
           (!rollback.pending ||
            fail(err, E_ROLLBACK_PENDING, "identity %u goes back to %u", rollback.number,
                 rollback.back));
}

static bool write_reason(int dir, enum identity_origin origin, unsigned previous,
                         unsigned epoch, const struct identity_change *change,
                         struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);

    if (!notes_add(&notes, "origin", identity_origin_name(origin), err) ||
        !buf_print(&notes, err, "previous %u\nepoch %u\n", previous, epoch) ||
        !notes_add(&notes, "reason", change->reason, err) ||
        (change->now != 0 && !notes_add_time(&notes, "made", change->now, err)) ||
        (change->imported && !notes_add(&notes, "key", "imported", err)) ||
        (change->purpose != NULL && change->purpose[0] != '\0' &&
         !notes_add(&notes, "purpose", change->purpose, err)))
        return false;
    return fs_replace(dir, "reason", buf_span(&notes), 0600, err);
}

static bool write_chain(int dir, const char *name, const struct chain *chain,
                        struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_PEM_MAX);

    return chain_to_pem(&pem, chain, err) &&
           fs_replace(dir, name, buf_span(&pem), 0600, err);
}

static bool write_anchor(int dir, const struct chain *chain, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_PEM_MAX);

    return cert_to_pem(&pem, chain_root(chain), err) &&
           fs_replace(dir, "anchor.pem", buf_span(&pem), 0600, err);
}

/* A line of VOUCH_FILE: for this leaf, by the other one's key. */
static bool add_vouch(struct buf *notes, enum leaf_use of,
                      const struct identity_parts *parts, struct error *err)
{
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    const bool by_client = of == LEAF_SERVER;

    return leaf_vouch(&signature, by_client ? parts->client_key : parts->key,
                      by_client ? LEAF_CLIENT : LEAF_SERVER, buf_span(&parts->key->spki),
                      buf_span(&parts->client_key->spki), err) &&
           buf_print(notes, err, "%s ", leaf_use_name(of)) &&
           text_base64_encode(notes, buf_span(&signature), err) &&
           buf_add_text(notes, "\n", err);
}

static bool write_client(int state, int dir, const struct identity_parts *parts,
                         struct error *err)
{
    scoped(buf_clear) struct buf vouch = buf_upto(NOTES_MAX);

    return parts->client_chain == NULL ||
           (sealed_write(state, dir, CLIENT_KEY_FILE, parts->client_key, err) &&
            write_chain(dir, CLIENT_CHAIN_FILE, parts->client_chain, err) &&
            add_vouch(&vouch, LEAF_SERVER, parts, err) &&
            add_vouch(&vouch, LEAF_CLIENT, parts, err) &&
            fs_replace(dir, VOUCH_FILE, buf_span(&vouch), 0600, err));
}

/* Where a change starts from. */
struct start {
    int identities;
    unsigned current;
    struct last_change last;
};

static void start_close(struct start *start)
{
    fd_close(&start->identities);
}

static bool start_read(struct start *out, int state, struct error *err)
{
    return current_read(&out->current, out->identities, err) &&
           change_read(&out->last, out->identities, err) && none_is_pending(state, err);
}

static bool write_folder(int state, const struct start *start,
                         const struct identity_parts *parts,
                         const struct identity_change *change, struct error *err)
{
    scoped(fd_close) int dir = -1;
    char aside[NAME_ROOM + sizeof(".new")], name[NAME_ROOM];

    snprintf(name, sizeof(name), "%u", start->last.number);
    snprintf(aside, sizeof(aside), "%s.new", name);
    return fs_make_dir(&dir, start->identities, aside, 0700, err) &&
           sealed_write(state, dir, KEY_FILE, parts->key, err) &&
           write_chain(dir, CHAIN_FILE, parts->chain, err) &&
           write_client(state, dir, parts, err) &&
           (parts->origin != IDENTITY_CHAIN || write_anchor(dir, parts->chain, err)) &&
           write_reason(dir, parts->origin, start->current, start->last.epoch + 1, change,
                        err) &&
           fs_rename_new(start->identities, aside, name, err);
}

static bool is_key_of(const struct key *key, const struct chain *chain, struct error *err)
{
    return (chain->n > 0 && span_equal(buf_span(&key->spki), chain_leaf(chain)->spki)) ||
           fail(err, E_IDENTITY_KEY, "the leaf has another public key");
}

bool identity_make(unsigned *number, int state, const struct identity_parts *parts,
                   const struct identity_change *change, struct error *err)
{
    scoped(start_close) struct start start = {.identities = -1};

    if (!is_key_of(parts->key, parts->chain, err) ||
        (parts->client_chain != NULL &&
         !is_key_of(parts->client_key, parts->client_chain, err)))
        return false;
    if (!fs_make_dir(&start.identities, state, IDENTITY_DIR, 0700, err) ||
        !fs_sync(state, IDENTITY_DIR, err) || !identity_sweep(state, err) ||
        !start_read(&start, state, err) ||
        !next_number(&start.last.number, start.identities, &start.last, err))
        return false;
    *number = start.last.number;
    return write_folder(state, &start, parts, change, err) &&
           move_current(start.identities, start.current, &start.last, change, err);
}

bool identity_install(unsigned *number, int state, const struct key *key,
                      const struct chain *chain, enum identity_origin origin,
                      const char *reason, struct error *err)
{
    const struct identity_parts parts = {.key = key, .chain = chain, .origin = origin};
    const struct identity_change change = {.reason = reason};

    return identity_make(number, state, &parts, &change, err);
}

/* What was current before it; needs no more of the identity than its reason. */
static bool find_previous(unsigned *number, const struct start *start, struct error *err)
{
    scoped(fd_close) int dir = -1;
    struct identity now = {0};

    if (start->current == 0)
        return fail(err, E_IDENTITY_MISSING, "no link " IDENTITY_DIR "/" CURRENT);
    if (!fs_open_dir(&dir, start->identities, CURRENT, err) || !reason_read(&now, dir, err))
        return false;
    if (now.previous == 0)
        return fail(err, E_IDENTITY_FIRST, "identity %u is the first", start->current);
    *number = now.previous;
    return true;
}

bool identity_return(int state, unsigned number, const struct identity_change *change,
                     struct error *err)
{
    scoped(identity_clear) struct identity then = {0};
    scoped(start_close) struct start start = {.identities = -1};

    if (!identities_open(&start.identities, state, err) ||
        !current_read(&start.current, start.identities, err) ||
        !change_read(&start.last, start.identities, err) ||
        (change->deadline != 0 && !none_is_pending(state, err)) ||
        (number == 0 && !find_previous(&number, &start, err)) ||
        !identity_load_number(&then, state, number, true, err))
        return false;
    if (number == start.current)
        return fail(err, E_IDENTITY_CURRENT, "identity %u", number);
    start.last.number = number;
    return move_current(start.identities, start.current, &start.last, change, err);
}

bool identity_restore(int state, unsigned number, struct error *err)
{
    const struct identity_change change = {.reason = "restore"};

    return identity_return(state, number, &change, err);
}
