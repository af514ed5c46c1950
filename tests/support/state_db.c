/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/state_db.h"

#include "agent/schema.h"

#include <stdio.h>
#include <stdlib.h>

void state_db_make(struct state_db *out)
{
    struct error err = {0};
    char path[PATH_MAX + 16];

    *out = (struct state_db){0};
    scratch_make(&out->scratch);
    snprintf(path, sizeof(path), "%s/state.db", out->scratch.path);
    if (db_open(&out->db, path, schema_steps, schema_count, &err))
        return;
    fprintf(stderr, "%s: %s\n", path, err.about);
    exit(2);
}

void state_db_clear(struct state_db *state)
{
    db_close(&state->db);
    scratch_clear(&state->scratch);
}
