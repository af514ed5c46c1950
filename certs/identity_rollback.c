/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes that go back by themselves unless they are confirmed. */
#include "base/fs.h"
#include "certs/identity_disk.h"
#include "certs/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A deadline counts while what it is about is current. */
bool identity_rollback_read(struct identity_rollback *out, int state, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    scoped(fd_close) int identities = -1;
    unsigned current = 0;

    *out = (struct identity_rollback){0};
    if (faccessat(state, IDENTITY_DIR "/" ROLLBACK_FILE, F_OK, 0) != 0 && errno == ENOENT)
        return true;
    if (!identities_open(&identities, state, err) ||
        !fs_read_at(&notes, identities, ROLLBACK_FILE, err) ||
        !current_read(&current, identities, err))
        return false;
    if (!notes_are_whole(buf_span(&notes)) ||
        !notes_get_time(&out->deadline, buf_span(&notes), "deadline") ||
        !notes_get_number(&out->number, buf_span(&notes), "identity") ||
        !notes_get_number(&out->back, buf_span(&notes), "back"))
        return fail(err, E_IDENTITY_BROKEN, IDENTITY_DIR "/" ROLLBACK_FILE);
    out->pending = out->number == current && out->back != current;
    return true;
}

bool identity_confirm(int state, struct error *err)
{
    struct identity_rollback rollback = {0};
    scoped(fd_close) int identities = -1;

    if (!identity_rollback_read(&rollback, state, err))
        return false;
    if (!rollback.pending)
        return fail(err, E_ROLLBACK_NONE, "no change waits");
    if (!identities_open(&identities, state, err))
        return false;
    if (unlinkat(identities, ROLLBACK_FILE, 0) != 0 && errno != ENOENT)
        return fail_errno(err, E_FILE_WRITE, IDENTITY_DIR "/" ROLLBACK_FILE);
    return fs_sync(identities, IDENTITY_DIR, err);
}

bool identity_roll_back(int state, const struct identity_rollback *rollback, time_t now,
                        struct error *err)
{
    const struct identity_change change = {.reason = "rollback", .now = now};

    return identity_return(state, rollback->back, &change, err);
}
