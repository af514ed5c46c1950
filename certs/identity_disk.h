/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How identities lie on disk. Only certs/identity*.c see it. */
#pragma once

#include "certs/identity.h"

#define CURRENT "current"
#define CHANGE_FILE "change"
#define ROLLBACK_FILE "rollback"
#define SEEN_FILE "seen"
#define NAME_ROOM 16

/* In identity/<n>/, beside KEY_FILE and CHAIN_FILE */
#define CLIENT_CHAIN_FILE "client-chain.pem"
#define VOUCH_FILE "vouch" /* lines "server" and "client": base64 */

/* identity/change */
struct last_change {
    unsigned epoch;
    unsigned number;
    unsigned highest; /* no number up to this one is given again */
};

/* "1", "2" …; 0 for every other name. */
unsigned identity_number_of(const char *name);
/* E_IDENTITY_MISSING, E_SECRET_OPEN. */
must_check bool identities_open(int *out, int state, struct error *err);
/* Where `current` points; 0 when there is no such link. */
must_check bool current_read(unsigned *number, int identities, struct error *err);
/* What `reason` says; needs no more of the identity. */
must_check bool reason_read(struct identity *out, int dir, struct error *err);
/* Zeroes when there is no such file yet. */
must_check bool change_read(struct last_change *out, int identities, struct error *err);
