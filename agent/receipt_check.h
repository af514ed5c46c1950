/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does a receipt prove what it says? Signatures of both, the keys and chains it names, and
 * the way of each chain to an anchor at the time of the commit: what has expired since does
 * not matter. Looks only; knows no state and no clock.
 */
#pragma once

#include "agent/outcome_file.h"
#include "certs/chain.h"

struct receipt_check {
    struct receipt receipt; /* zeros when the body cannot be read */
    struct digest hash;     /* of the body: the `previous` of the next one */
    struct report findings; /* errors refuse it; a missing countersignature warns */
};

/* `anchors`: the chains in the file must lead to one of them; or NULL. `target`: the
 * certificate that signed it; or NULL for that of the file. */
void receipt_check(struct receipt_check *out, const struct outcome_file *file,
                   const struct chain *anchors, const struct cert *target);
/* `out` is the target's receipt after `before`, or a finding. */
void receipt_check_follows(struct receipt_check *out, const struct receipt_check *before);
void receipt_check_clear(struct receipt_check *check);
