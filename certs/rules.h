/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules for a chain (docs/rules.md), judged all at once: one table of rules, one table
 * of severities by policy and occasion, one engine. Looks only; touches no disk, clock or
 * network.
 */
#pragma once

#include "certs/chain.h"
#include "certs/leaves.h"
#include "certs/policy.h"

/* What is judged. Borrowed. */
struct judged {
    const struct chain *chain; /* as given */
    enum policy policy;
    enum occasion occasion;
    time_t now;
    enum leaf_use use; /* LEAF_BOTH, or which of two leaves the chain begins with */
    /* SubjectPublicKeyInfo of the keys that may have asked for the leaf; n = 0 with
     * has_requests means none matches, !has_requests skips the rule. */
    const struct span *request_spki;
    size_t requests;
    bool has_requests;
    /* What chain_lay_order found, when the caller has asked already; NULL: asked here. */
    const struct chain_order *order;
};

/* All findings of all rules, in the order of the table, each with severity and detail. The
 * rung counts along the path from the leaf, whatever order the file has; what is not on the
 * path has none. */
void rules_judge(const struct judged *judged, struct report *out);
/* rules_judge for a file: when it does not parse, that one finding is the report. `chain`
 * is filled as far as it could be read. */
void rules_judge_file(struct chain *chain, struct span file, struct judged *judged,
                      struct report *out);

/* The names of the table, in order; NULL past the end. For docs/rules.md and its test. */
const char *rules_name(size_t i);
/* The severity a rule has; false when it is skipped there. */
bool rules_severity(const char *rule, enum policy policy, enum occasion occasion,
                    enum severity *out);
/* The finding an OpenManage client is told about: the first error in the documents' order.
 */
const struct error *rules_headline(const struct report *report);
