/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/state.h"

#include "agent/schema.h"
#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE "lock"
#define DB_FILE "state.db"
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

bool state_open(struct state *out, const char *dir, struct error *err)
{
    struct stat st;

    if (stat(dir, &st) != 0 && errno == ENOENT)
        return fail(err, E_STATE_MISSING, "%s does not exist", dir);
    if (!state_adopt(out, dir, err))
        return false;
    if (fstatat(out->fd, "identity", &st, 0) != 0)
        return fail(err, E_STATE_MISSING, "%s holds no identity", dir);
    return true;
}

bool state_make(struct state *out, const char *dir, struct error *err)
{
    scoped(fd_close) int made = -1;

    return fs_make_dir(&made, AT_FDCWD, dir, 0700, err) && state_adopt(out, dir, err);
}

bool state_open_db(struct state *state, struct error *err)
{
    char path[PATH_MAX + sizeof(DB_FILE) + 1];

    snprintf(path, sizeof(path), "%s/%s", state->dir, DB_FILE);
    return db_open(&state->db, path, schema_steps, schema_count, err);
}

bool state_lock(struct state *state, struct error *err)
{
    if (state->locked)
        return true;
    state->lock = openat(state->fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (state->lock < 0)
        return fail_errno(err, E_FILE_WRITE, LOCK_FILE);
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (flock(state->lock, LOCK_EX | LOCK_NB) == 0) {
            state->locked = true;
            return true;
        }
        usleep(LOCK_WAIT_US);
    }
    fd_close(&state->lock);
    return fail(err, E_STATE_BUSY, "%s", state->dir);
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
