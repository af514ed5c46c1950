/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a running agent does for its state directory without being asked, each second: an
 * identity that nobody confirmed in time goes back, and the trust stores follow what is
 * published, every minute and whenever a list changes (V-23).
 */
#pragma once

#include "agent/mark.h"
#include "agent/state.h"

struct upkeep {
    struct state *state; /* borrowed */
    time_t looked;       /* the second that was looked at last */
    time_t refreshed;    /* when the stores were; 0: not yet */
    struct mark published;
    bool settled;      /* a change of the lists after that would show in the mark */
    struct error told; /* the last failure, not told again */
};

/* Cheap when nothing is due. Waits for no lock: what another command holds up is done in
 * the next second. */
void upkeep_tick(struct upkeep *upkeep, time_t now);
