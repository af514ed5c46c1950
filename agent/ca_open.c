/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/ca_open.h"

#include <errno.h>
#include <unistd.h>

bool ca_open(struct state *state, struct ca *ca, const char *dir, struct error *err)
{
    if (access(dir, F_OK) != 0 && errno == ENOENT)
        return fail(err, E_CA_MISSING, "%s does not exist", dir);
    return state_make(state, dir, err) && ca_load(ca, state->fd, err);
}
