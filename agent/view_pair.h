/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two ladders beside one another and the findings of the connection check. */
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
struct pair_view {
    struct pair_sides sides;
    const struct ladder *ladder;
    const struct report *findings;
    const struct tls_facts *facts; /* of the connection; NULL where there was none */
    bool paired;
};
/* The headline (O-31 on refusal), the ladders with <-> and X, then the findings, worst
 * first. On fewer than NARROW_COLUMNS `columns`, which are known when not 0, one ladder's
 * rung is below the other's, and all of it is folded. */
void view_pair_text(FILE *out, const struct pair_view *view, unsigned columns);
/* {"paired":…,"headline":…,"rungs":[…],"findings":[…]} */
void view_pair_json(FILE *out, const struct pair_view *view);
