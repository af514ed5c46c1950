/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What certs/ changes in a state directory, as tests/support/whole.h makes it. */
#pragma once

#include "tests/support/whole.h"

struct deed {
    const char *name;
    bool (*first)(int state, struct error *err); /* done before it, or NULL */
    bool (*deed)(int state, struct error *err);
    bool steps; /* may stop half-way, and is done again */
    bool slow;  /* keys are encrypted */
};

/* Each ended by one without a name. */
extern const struct deed deeds[];
extern const struct deed refused_deeds[]; /* in such a directory, for what is in it */

/* What they are done with, and the file with the passphrase that keys are encrypted by.
 * Both must outlive them. */
void deeds_give(const struct whole *whole, const char *passphrase);
