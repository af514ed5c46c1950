/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The local stores brought to what is published, as VECS does every 60 seconds (V-23): what
 * is published and absent is added with the auto-refresh flag, what is there gets the flag,
 * then entries with the flag that are published no longer are removed. What was imported by
 * hand stays, unless a list says that it was removed everywhere after that. The same for
 * revocation lists.
 */
#pragma once

#include "base/error.h"

#include <time.h>

#define TRUST_REFRESH_SECONDS 60

struct refreshed {
    size_t added, kept, removed; /* entries; kept: hand-imported ones that got the flag */
    size_t crls_added, crls_removed;
};

bool refreshed_anything(const struct refreshed *refreshed);
/*
 * The state's lock is held. Nothing is written when nothing changes. What is removed leaves
 * a tombstone. A list whose validity is over adds nothing and takes nothing away.
 */
must_check bool trust_refresh(struct refreshed *out, int state, time_t now,
                              struct error *err);
