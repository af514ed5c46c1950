/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Another root for the built-in CA: one made elsewhere, or the present one renewed. The new
 * CA is written aside whole and put in place at once; the one before it stays as
 * DIR/ca.<n>/, with its key.
 */
#pragma once

#include "certs/ca.h"

/* What refuses this chain as it stands, before its key is opened. `state` is -1 where there
 * is no state directory yet. */
must_check bool ca_may_import(int state, const struct chain *chain, bool replace,
                              time_t now, struct error *err);
/* A chain (what issues first, root last) and the key of its first certificate. `replace`:
 * in the place of a CA that is there. */
must_check bool ca_import(int state, const struct chain *chain, const struct key *key,
                          bool replace, time_t now, struct error *err);

struct ca_renewal {
    bool same_key;              /* same name and key, later dates: every leaf stays good */
    enum key_choice key;        /* else a new root with a name of its own: "… G2" */
    const struct key *root_key; /* when it was taken away; else NULL */
    time_t now;
};
must_check bool ca_renew(int state, const struct ca_renewal *renewal, struct error *err);
