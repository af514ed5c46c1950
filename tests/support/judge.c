/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/judge.h"

#include "tests/support/cases.h"

#include <stdio.h>
#include <string.h>

void judge_case(struct report *out, const char *name, enum policy policy,
                enum occasion occasion)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(buf_clear) struct buf file = {0};
    struct judged judged = {.policy = policy, .occasion = occasion, .now = AT_NOON};

    case_file(&file, name);
    rules_judge_file(&chain, buf_span(&file), &judged, out);
}

bool is_told(const struct told *told)
{
    scoped(report_clear) struct report report = {0};
    const struct error *finding;

    judge_case(&report, told->folder, POLICY_DEFAULT, OCCASION_UPLOAD);
    finding = report_find(&report, told->msg);
    if (finding != NULL &&
        (finding->has_rung ? finding->rung : NO_RUNG_TOLD) == told->rung &&
        strstr(finding->about, told->about) != NULL)
        return true;
    printf("\n  %s: %s at %u, '%s'", told->folder, message_of(told->msg)->name,
           finding != NULL ? finding->rung : 0,
           finding != NULL ? finding->about : "not told");
    return false;
}
