/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/upkeep.h"

#include "agent/audit_note.h"
#include "agent/view_text.h"
#include "base/text.h"
#include "certs/identity.h"
#include "certs/refresh.h"

#include <stdio.h>

static const char *const published[] = {"trust/published"};

static bool refresh_is_due(const struct upkeep *upkeep, const struct mark *lists,
                           time_t now)
{
    return now < upkeep->refreshed || now - upkeep->refreshed >= TRUST_REFRESH_SECONDS ||
           !upkeep->settled || !marks_are_same(lists, &upkeep->published, 1);
}

static bool rollback_is_due(const struct upkeep *upkeep, time_t now, bool *due,
                            struct error *err)
{
    struct identity_rollback rollback = {0};

    if (!identity_rollback_read(&rollback, upkeep->state->fd, err))
        return false;
    *due = rollback.pending && now >= rollback.deadline;
    return true;
}

static bool refresh(struct upkeep *upkeep, const struct mark *lists, time_t now,
                    struct error *err)
{
    struct refreshed refreshed = {0};

    upkeep->refreshed = now; /* what fails is tried again when it is due again */
    upkeep->published = *lists;
    upkeep->settled = marks_are_settled(lists, 1, now);
    if (!trust_refresh(&refreshed, upkeep->state->fd, now, err))
        return false;
    if (refreshed_anything(&refreshed))
        audit_note_refreshed(upkeep->state, &refreshed);
    return true;
}

/* With the lock. */
static bool do_due(struct upkeep *upkeep, const struct mark *lists, time_t now,
                   struct error *err)
{
    unsigned back = 0;

    if (!state_honour_rollback(upkeep->state, now, &back, err))
        return false;
    return !refresh_is_due(upkeep, lists, now) || refresh(upkeep, lists, now, err);
}

static bool tick(struct upkeep *upkeep, time_t now, struct error *err)
{
    struct mark lists;
    bool due = false, good;

    marks_take(&lists, upkeep->state->fd, published, COUNT(published));
    if (!rollback_is_due(upkeep, now, &due, err))
        return false;
    if (!due && !refresh_is_due(upkeep, &lists, now))
        return true;
    if (!state_try_lock(upkeep->state, err))
        return false;
    good = do_due(upkeep, &lists, now, err);
    state_unlock(upkeep->state);
    return good;
}

void upkeep_tick(struct upkeep *upkeep, time_t now)
{
    struct error err = {0};

    if (now == upkeep->looked)
        return;
    upkeep->looked = now;
    if (tick(upkeep, now, &err)) {
        upkeep->told = (struct error){0};
        return;
    }
    if (err.msg == E_STATE_BUSY ||
        (upkeep->told.msg == err.msg && text_equal(upkeep->told.about, err.about)))
        return;
    upkeep->told = err;
    view_text_failure(stderr, &err);
}
