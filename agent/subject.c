/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/subject.h"

void subject_clear(struct subject *subject)
{
    state_close(&subject->state);
}

bool subject_load(struct subject *out, const struct call *call, const char *id,
                  struct error *err)
{
    if (!state_open(&out->state, call->state_dir, err) || !migration_id_is_plain(id, err) ||
        !state_open_db(&out->state, err) ||
        !handover_load(&out->handover, &out->state.db, id, err) ||
        !migration_facts_load(&out->facts, &out->state.db, id, err))
        return false;
    out->is_target = handover_is_target(out->handover.state);
    return true;
}

bool subject_is(const struct subject *subject, bool target, struct error *err)
{
    return subject->is_target == target ||
           fail(err, E_OTHER_SIDE, "%s is %s here", subject->handover.migration,
                handover_state_name(subject->handover.state));
}
