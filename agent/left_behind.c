/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/left_behind.h"

#include "agent/audit_json.h"
#include "base/text.h"

#include <stdio.h>

static void record(const struct report *left, struct authority *authority,
                   const char *migration)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    const struct audit_fact facts[] = {{"count", NULL, (int64_t)left->n},
                                       {"first", left->item[0].about, 0}};
    struct audit_entry entry = {
        .kind = AUDIT_MIGRATION, .event = LEFT_BEHIND_EVENT, .subject = migration};
    struct error err = {0};

    if (audit_json_facts(&details, facts, COUNT(facts), &err)) {
        entry.details = buf_span(&details);
        if (authority_audit(authority, &entry, &err))
            return;
    }
    fprintf(stderr, "pairgate: %s: %s\n", message_of(err.msg)->id, err.about);
}

void left_behind_tell(const struct report *findings, const struct events *events,
                      struct authority *authority, const char *migration)
{
    scoped(report_clear) struct report left = {0};

    for (size_t i = 0; i < findings->n; i++)
        if (findings->item[i].msg == E_NOT_MOVED || findings->item[i].msg == E_SKIPPED)
            report_add(&left, &findings->item[i]);
    if (left.n == 0)
        return;
    event_left_behind(events, &left);
    record(&left, authority, migration);
}
