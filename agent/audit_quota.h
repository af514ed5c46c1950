/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Of what the network can cause at will so many records a minute are written; the others
 * are counted, and told as one record when the minute is over. */
#pragma once

#include "agent/audit.h"

struct audit_quota {
    int64_t minute;
    unsigned written, dropped;
};

/* A minute is over in which some were dropped: audit_quota_tell comes first. */
bool audit_quota_owes(const struct audit_quota *quota, time_t now);
/* Whether one more may be written; it is counted, either way. */
bool audit_quota_take(struct audit_quota *quota, unsigned most, time_t now);
/* The record of those that were dropped, which count no more. `out` borrows `details`. */
must_check bool audit_quota_tell(struct audit_entry *out, struct buf *details,
                                 struct audit_quota *quota, enum audit_kind kind,
                                 struct error *err);
