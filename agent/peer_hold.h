/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the handlers of a granted migration share. */
#pragma once

#include "agent/peer.h"

/* A migration with its lock held, let go with the scope. */
struct hold {
    struct migration *migration;
};
void hold_release(struct hold *hold);
/* The migration of the request's grant; `alone`: for what only one may do at a time. */
must_check bool hold_take(struct hold *out, struct visit *visit, bool alone,
                          struct error *err);

/* "{}" */
/* What is to be measured only is never stored, what is to be stored never dropped: refused
 * unless `nowhere` is how this listener was started. */
must_check bool both_mean_it(const struct visit *visit, bool nowhere, struct error *err);
must_check bool peer_empty(struct visit *visit, struct error *err);
/* What the receipt will say of this connection and what was counted: kept for whoever has
 * to decide, also when the source never comes again. */
must_check bool peer_draft(struct visit *visit, const struct migration *migration,
                           struct error *err);
