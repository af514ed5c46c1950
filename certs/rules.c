/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/rules.h"

#include "certs/judging.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    void (*judge)(struct judging *judging); /* NULL: chain_parse has told it all */
} rules[] = {
    {"encoding", NULL},
    {"private-key-in-file", NULL},
    {"request-key", judge_request_key},
    {"order", judge_order},
    {"depth", judge_depth},
    {"complete", judge_complete},
    {"extra", judge_extra},
    {"signature", judge_signature},
    {"issuer-ca", judge_issuer_ca},
    {"path-length", judge_path_length},
    {"name-constraints", judge_name_constraints},
    {"critical-extension", judge_critical_extension},
    {"time-format", judge_time_format},
    {"leaf-eku", judge_leaf_eku},
    {"key-usage", judge_key_usage},
    {"common-name", judge_common_name},
    {"algorithm", judge_algorithm},
    {"validity", judge_validity},
    {"subject-alt-name", judge_subject_alt_name},
};

const char *rules_name(size_t i)
{
    return i < COUNT(rules) ? rules[i].name : NULL;
}

bool rules_severity(const char *rule, enum policy policy, enum occasion occasion,
                    enum severity *out)
{
    return policy_rule_severity(rule, policy, occasion, out);
}

void found(struct judging *judging, enum msg msg, size_t rung, const char *fmt, ...)
{
    struct error finding = {.msg = msg, .has_rung = rung != NO_RUNG};
    va_list args;

    if (!policy_severity(msg, judging->in->policy, judging->in->occasion,
                         &finding.severity))
        return;
    finding.rung = finding.has_rung ? (unsigned)rung : 0;
    va_start(args, fmt);
    vsnprintf(finding.about, sizeof(finding.about), fmt, args);
    va_end(args);
    report_add(judging->out, &finding);
}

void rules_judge(const struct judged *judged, struct report *out)
{
    struct judging judging = {.in = judged, .order = judged->order, .out = out};
    struct chain_order order;

    if (judged->chain->n == 0) {
        found(&judging, E_CHAIN_EMPTY, NO_RUNG, "the chain is empty");
        return;
    }
    if (judging.order == NULL) {
        chain_lay_order(&order, judged->chain);
        judging.order = &order;
    }
    for (judging.n = 0; judging.n < judging.order->n; judging.n++)
        judging.rung[judging.n] = &judged->chain->cert[judging.order->path[judging.n]];
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].judge != NULL)
            rules[i].judge(&judging);
}

void rules_judge_file(struct chain *chain, struct span file, struct judged *judged,
                      struct report *out)
{
    struct error err = {0};

    judged->chain = chain;
    if (chain_parse(chain, file, &err))
        rules_judge(judged, out);
    else
        report_add(out, &err); /* a file that cannot be read refuses, whatever the policy */
}

/* The order in which the documents check: the file, the key, the chain, then its leaf. */
static unsigned rank_of(const struct error *finding)
{
    switch (message_of(finding->msg)->ome) {
    case OME_FILE:
        return 0;
    case OME_CSR_KEY:
        return 1;
    case OME_CHAIN:
        return 2;
    case OME_EKU:
        return 3;
    case OME_WEB_SERVER:
        return 4;
    case OME_NAME:
        return 5;
    case OME_NONE:
        return 6;
    }
    return 6;
}

const struct error *rules_headline(const struct report *report)
{
    const struct error *first = NULL;

    for (size_t i = 0; i < report->n; i++) {
        const struct error *finding = &report->item[i];

        if (finding->severity == SEVERITY_ERROR &&
            (first == NULL || rank_of(finding) < rank_of(first)))
            first = finding;
    }
    return first;
}
