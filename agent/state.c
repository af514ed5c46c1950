/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/state.h"

#include "agent/audit_note.h"
#include "agent/clock.h"
#include "agent/schema.h"
#include "agent/services.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/identity.h"
#include "certs/ledger.h"
#include "certs/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE "lock"
#define LOCK_TRIES 50
#define LOCK_WAIT_US 100000

static bool state_adopt(struct state *out, const char *dir, struct error *err)
{
    struct stat st;

    if (!text_fits(out->dir, dir))
        return fail(err, E_FILE_READ, "the path of the state directory is too long");
    if (!fs_open_dir(&out->fd, AT_FDCWD, dir, err))
        return false;
    out->opened = true;
    if (fstat(out->fd, &st) != 0)
        return fail_errno(err, E_FILE_READ, dir);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(err, E_STATE_OPEN, "chmod 700 %s", dir);
    return true;
}

static void tell_rollback(const struct identity_rollback *rollback)
{
    char deadline[TIME_TEXT_MAX];

    text_show_time(deadline, rollback->deadline);
    fprintf(stderr,
            "pairgate: identity %u was not confirmed until %s: back to identity %u.\n",
            rollback->number, deadline, rollback->back);
}

/* Seen again under the lock: another command may have been faster. */
static bool roll_back(struct state *state, time_t now, unsigned *back, struct error *err)
{
    struct identity_rollback rollback = {0};

    if (!identity_rollback_read(&rollback, state->fd, err))
        return false;
    if (!rollback.pending || now < rollback.deadline)
        return true;
    if (!identity_roll_back(state->fd, &rollback, now, err))
        return false;
    *back = rollback.back;
    tell_rollback(&rollback);
    audit_note_identity(state, "rollback");
    return true;
}

void state_unlock(struct state *state)
{
    fd_close(&state->lock);
    state->locked = false;
}

bool state_honour_rollback(struct state *state, time_t now, unsigned *back,
                           struct error *err)
{
    struct identity_rollback rollback = {0};
    const bool was_locked = state->locked;
    bool good;

    *back = 0;
    if (!identity_rollback_read(&rollback, state->fd, err))
        return false;
    if (!rollback.pending || now < rollback.deadline)
        return true;
    if (!state_lock(state, err))
        return false;
    good = roll_back(state, now, back, err);
    if (!was_locked)
        state_unlock(state);
    return good;
}

/* Who cannot go back is told, and goes on with what is there. */
static void honour_rollback(struct state *state)
{
    struct error err = {0};
    unsigned back = 0;

    if (!state_honour_rollback(state, clock_now(), &back, &err))
        view_text_failure(stderr, &err);
}

bool state_open(struct state *out, const char *dir, struct error *err)
{
    struct stat st;
    bool has = false;

    if (stat(dir, &st) != 0 && errno == ENOENT)
        return fail(err, E_STATE_MISSING, "%s does not exist", dir);
    if (!state_adopt(out, dir, err) || !fs_has(&has, out->fd, IDENTITY_DIR, err))
        return false;
    if (!has)
        return fail(err, E_STATE_MISSING, "%s holds no identity", dir);
    honour_rollback(out);
    return true;
}

bool state_make(struct state *out, const char *dir, struct error *err)
{
    scoped(fd_close) int made = -1;

    return fs_make_dir(&made, AT_FDCWD, dir, 0700, err) && state_adopt(out, dir, err);
}

/* An empty one is new to SQLite; but `init` fills it before it makes an identity. */
static bool db_was_not_emptied(const struct state *state, struct error *err)
{
    struct stat st;
    bool has = false;

    if (fstatat(state->fd, STATE_DB_FILE, &st, 0) != 0)
        return errno == ENOENT || fail_errno(err, E_FILE_READ, STATE_DB_FILE);
    if (st.st_size == 0 && !fs_has(&has, state->fd, IDENTITY_DIR "/current", err))
        return false;
    return !has || fail(err, E_DB, "%s/%s is empty; without a backup, remove it",
                        state->dir, STATE_DB_FILE);
}

bool state_open_db(struct state *state, struct error *err)
{
    char path[PATH_MAX + sizeof(STATE_DB_FILE) + 1];

    snprintf(path, sizeof(path), "%s/%s", state->dir, STATE_DB_FILE);
    return db_was_not_emptied(state, err) &&
           db_open(&state->db, path, schema_steps, schema_count, err);
}

/* What killed commands left behind; nobody else changes anything now. */
static bool sweep(const struct state *state, struct error *err)
{
    static const char *const files[] = {SEALED_LINK ".new", SERVICES_FILE ".new"};

    for (size_t i = 0; i < COUNT(files); i++)
        (void)unlinkat(state->fd, files[i], 0);
    return identity_sweep(state->fd, err) && ledger_sweep(state->fd, err);
}

static bool lock(struct state *state, int tries, struct error *err)
{
    if (state->locked)
        return true;
    state->lock = openat(state->fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (state->lock < 0)
        return fail_errno(err, E_FILE_WRITE, LOCK_FILE);
    for (int i = 0; i < tries; i++) {
        if (i > 0)
            usleep(LOCK_WAIT_US);
        if (flock(state->lock, LOCK_EX | LOCK_NB) == 0) {
            state->locked = true;
            return sweep(state, err);
        }
    }
    fd_close(&state->lock);
    return fail(err, E_STATE_BUSY, "%s", state->dir);
}

bool state_lock(struct state *state, struct error *err)
{
    return lock(state, LOCK_TRIES, err);
}

bool state_try_lock(struct state *state, struct error *err)
{
    return lock(state, 1, err);
}

/* Whether this path is dir or lies below it; both absolute and without links. */
static bool is_within(const char *path, const char *dir)
{
    const size_t n = text_equal(dir, "/") ? 0 : strlen(dir);

    return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool state_lies_apart(const struct state *state, const char *tree, enum msg msg,
                      struct error *err)
{
    char keys[PATH_MAX];

    if (realpath(state->dir, keys) == NULL)
        return fail_errno(err, E_FILE_READ, state->dir);
    return (!is_within(keys, tree) && !is_within(tree, keys)) ||
           fail(err, msg, "%s and %s", tree, keys);
}

void state_close(struct state *state)
{
    if (state->db.handle != NULL)
        db_close(&state->db);
    if (state->locked)
        fd_close(&state->lock);
    if (state->opened)
        fd_close(&state->fd);
    *state = (struct state){0};
}
