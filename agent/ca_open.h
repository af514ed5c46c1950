/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state directory of a CA, for its commands. */
#pragma once

#include "agent/state.h"
#include "certs/ca.h"

/* Locked before the CA is read, so that it is not replaced meanwhile. A CA needs no
 * identity: its directory may hold nothing else. */
must_check bool ca_open(struct state *state, struct ca *ca, const char *dir,
                        struct error *err);
/* Without its key and the lock, for those who only look. */
must_check bool ca_open_chain(struct state *state, struct chain *chain, const char *dir,
                              struct error *err);
/* state_open, or a directory that holds a CA alone: then *only_ca. */
must_check bool state_open_or_ca(struct state *state, const char *dir, bool *only_ca,
                                 struct error *err);
