/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/audit_quota.h"

#include "agent/audit_json.h"

bool audit_quota_owes(const struct audit_quota *quota, time_t now)
{
    return quota->dropped > 0 && quota->minute != now / 60;
}

bool audit_quota_take(struct audit_quota *quota, unsigned most, time_t now)
{
    if (quota->minute != now / 60) {
        quota->minute = now / 60;
        quota->written = 0;
    }
    if (quota->written == most) {
        quota->dropped++;
        return false;
    }
    quota->written++;
    return true;
}

bool audit_quota_tell(struct audit_entry *out, struct buf *details,
                      struct audit_quota *quota, enum audit_kind kind, struct error *err)
{
    const struct audit_fact facts[] = {{"count", NULL, quota->dropped}};

    if (!audit_json_facts(details, facts, COUNT(facts), err))
        return false;
    quota->dropped = 0;
    *out = (struct audit_entry){.kind = kind,
                                .event = "dropped",
                                .subject = "records of one minute",
                                .details = buf_span(details)};
    return true;
}
