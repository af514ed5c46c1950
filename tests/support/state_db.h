/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An empty database with the whole schema, in a directory of its own. */
#pragma once

#include "base/db.h"
#include "tests/support/scratch.h"

struct state_db {
    struct scratch scratch;
    struct db db;
};

/* Stops the program when it cannot be made. */
void state_db_make(struct state_db *out);
void state_db_clear(struct state_db *state);
