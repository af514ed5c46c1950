/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two ladders side by side and the findings of the connection check, for a terminal. */
#pragma once

#include "base/error.h"
#include "certs/leaves.h"
#include "pairing/ladder.h"
#include "pairing/tls.h"

#include <stdio.h>

/* Both sides as they were compared. */
struct pair_sides {
    struct leaves source, target;
};
/* The headline (O-31 on refusal), the ladders with <-> and X, then the findings, worst
 * first. `facts` of the connection, NULL where there was none. */
void view_pair_text(FILE *out, const struct pair_sides *sides, const struct ladder *ladder,
                    const struct report *findings, const struct tls_facts *facts,
                    bool paired);
/* {"paired":…,"headline":…,"rungs":[…],"findings":[…]} */
void view_pair_json(FILE *out, const struct pair_sides *sides, const struct ladder *ladder,
                    const struct report *findings, const struct tls_facts *facts,
                    bool paired);
