/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the rules share: the path being judged and the report. Only certs/rules*.c and
 * certs/judging_path.c see it.
 */
#pragma once

#include "certs/rules.h"

#define NO_RUNG ((size_t)-1)

struct judging {
    const struct judged *in;
    const struct chain_order *order;
    const struct cert *rung[CHAIN_READ_MAX]; /* the path, leaf first */
    size_t n;
    struct report *out;
};

/* Add a finding with the severity it has under this policy and occasion, if it has any. */
void found(struct judging *judging, enum msg msg, size_t rung, const char *fmt, ...)
    printf_like(4, 5);

/* The rules, one function each, in rules_<topic>.c. */
void judge_request_key(struct judging *judging);
void judge_order(struct judging *judging);
void judge_depth(struct judging *judging);
void judge_complete(struct judging *judging);
void judge_extra(struct judging *judging);
void judge_signature(struct judging *judging);
void judge_issuer_ca(struct judging *judging);
void judge_path_length(struct judging *judging);
void judge_name_constraints(struct judging *judging);
void judge_critical_extension(struct judging *judging);
void judge_time_format(struct judging *judging);
void judge_leaf_eku(struct judging *judging);
void judge_key_usage(struct judging *judging);
void judge_common_name(struct judging *judging);
void judge_algorithm(struct judging *judging);
void judge_validity(struct judging *judging);
void judge_subject_alt_name(struct judging *judging);
