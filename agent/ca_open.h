/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state directory of a CA, for its commands. */
#pragma once

#include "agent/state.h"
#include "certs/ca.h"

/* A CA needs no identity, so its directory may hold nothing else. */
must_check bool ca_open(struct state *state, struct ca *ca, const char *dir,
                        struct error *err);
