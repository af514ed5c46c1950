/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/judgement.h"

#include <stdio.h>
#include <stdlib.h>

void judgement_make(struct judgement *out, const char *name, enum side self)
{
    const struct chain *own = self == SIDE_SOURCE ? &out->given.source : &out->given.target;
    struct error err = {0};

    *out = (struct judgement){0};
    pair_case_load(&out->given, name);
    if (!verdict_own_root(&out->trust, own, &err)) {
        fprintf(stderr, "%s: %s\n", name, err.about);
        exit(2);
    }
    out->comparison =
        (struct comparison){.self = self,
                            .source = pair_case_leaves(&out->given, SIDE_SOURCE),
                            .target = pair_case_leaves(&out->given, SIDE_TARGET),
                            .trust = &out->trust,
                            .now = AT_NOON,
                            .fresh_tls13 = true};
}

const struct error *judged(struct judgement *j, enum msg msg)
{
    report_clear(&j->report);
    verdict_judge(&j->report, &j->comparison);
    return report_find(&j->report, msg);
}

size_t judged_times(const struct judgement *j, enum msg msg)
{
    size_t n = 0;

    for (size_t i = 0; i < j->report.n; i++)
        n += j->report.item[i].msg == msg;
    return n;
}

void judgement_clear(struct judgement *j)
{
    pair_case_clear(&j->given);
    trust_clear(&j->trust);
    report_clear(&j->report);
}
