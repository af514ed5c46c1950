/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who would be left without a path if an anchor went: this appliance's own chain, its
 * built-in CA, and live pairings. A grant does not record which anchor it was reached
 * through, so every live one counts. Signing requests name no issuer and never count. An
 * anchor whose key another one has too (a renewal) is needed by nobody.
 */
#pragma once

#include "agent/state.h"
#include "certs/trust.h"

#define DEPENDENTS_MAX 32

struct dependents {
    char who[DEPENDENTS_MAX][CERT_TEXT_MAX];
    size_t n, more; /* more: beyond those kept */
};

must_check bool dependents_find(struct dependents *out, struct state *state,
                                const struct cert *anchor, time_t now, struct error *err);
/* The live pairings alone. */
must_check bool dependents_pairings(struct dependents *out, struct state *state, time_t now,
                                    struct error *err);
/* `msg` naming them, unless there are none. */
must_check bool dependents_none(const struct dependents *dependents, enum msg msg,
                                struct error *err);
