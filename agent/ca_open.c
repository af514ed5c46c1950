/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/ca_open.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static bool open_dir(struct state *state, const char *dir, struct error *err)
{
    if (access(dir, F_OK) != 0 && errno == ENOENT)
        return fail(err, E_CA_MISSING, "%s does not exist", dir);
    return state_make(state, dir, err);
}

bool ca_open(struct state *state, struct ca *ca, const char *dir, struct error *err)
{
    return open_dir(state, dir, err) && state_lock(state, err) &&
           ca_load(ca, state->fd, err);
}

bool ca_open_chain(struct state *state, struct chain *chain, const char *dir,
                   struct error *err)
{
    return open_dir(state, dir, err) && ca_load_chain(chain, state->fd, err);
}

bool state_open_or_ca(struct state *state, const char *dir, bool *only_ca,
                      struct error *err)
{
    struct error missing = {0};
    char ca[PATH_MAX];

    *only_ca = false;
    if (state_open(state, dir, &missing))
        return true;
    snprintf(ca, sizeof(ca), "%s/" CA_DIR, dir);
    *only_ca = missing.msg == E_STATE_MISSING && access(ca, F_OK) == 0;
    if (!*only_ca) {
        *err = missing;
        return false;
    }
    state_close(state);
    return state_make(state, dir, err);
}
