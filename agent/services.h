/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What to restart after a change of the identity, and in which order: a row of
 * STATE/services for each purpose, which the integrator may edit, and the executable
 * STATE/hooks/services that does it.
 */
#pragma once

#include "agent/state.h"
#include "certs/identity.h"

#define SERVICES_FILE "services"
#define SERVICES_HOOK "services" /* of STATE/hooks */
#define SERVICE_NAME_MAX 64
#define SERVICE_STEPS_MAX 32
#define SERVICE_SECONDS 120 /* for each step */

struct service_step {
    char verb[16]; /* restart, stop, start, disable, enable */
    char name[SERVICE_NAME_MAX];
};

struct services {
    char purpose[IDENTITY_PURPOSE_MAX];
    struct service_step step[SERVICE_STEPS_MAX];
    size_t n;
    bool has_row; /* else nothing has to be restarted for the purpose */
};

/* The table as pairgate brings it; it explains itself. */
const char *services_default(void);
/* Put it there when there is none. */
must_check bool services_write_default(int state, struct error *err);
/* The row of a purpose, from STATE/services or else from the default. */
must_check bool services_load(struct services *out, int state, const char *purpose,
                              struct error *err);
/* What an identity is for: the purpose it was asked for, else migration or server. */
const char *services_purpose_of(const struct identity *identity);

/* The hook is there, executable, and nobody else's to change. */
must_check bool services_hook_is_good(const struct state *state, struct error *err);
/* Run it once for each step, in order, up to the first that fails: VERB and NAME as
 * arguments, a clean environment, no input, its output on our standard error. */
must_check bool services_apply(const struct services *services, const struct state *state,
                               struct error *err);
