/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chain file judged with each of its certificates as an anchor, and linted. */
#include "certs/lint.h"
#include "certs/validate.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define ANCHORS_TRIED 4

static void ask(const struct chain *chain, size_t anchor)
{
    static const char *const names[] = {"oment-310.example.test"};
    scoped(report_clear) struct report report = {0};
    const struct chain anchors = {.cert = &chain->cert[anchor], .n = 1};
    const struct question question = {.leaf = chain_leaf(chain),
                                      .untrusted = chain,
                                      .anchors = &anchors,
                                      .purpose = PURPOSE_SERVER,
                                      .names = names,
                                      .names_n = COUNT(names),
                                      .now = 1813060800};
    struct answer answer = {0};

    validate(&answer, &question, &report);
    if (answer.valid != (report_errors(&report) == 0) || answer.path.n == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    struct error err = {0};

    if (!chain_parse(&chain, span_of(data, n), &err))
        return 0;
    for (size_t i = 0; i < chain.n && i < ANCHORS_TRIED; i++)
        ask(&chain, chain.n - 1 - i);
    lint_judge(&report, &chain);
    if (report_errors(&report) > 0)
        abort();
    return 0;
}
