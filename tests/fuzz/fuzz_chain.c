/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole file, judged under every policy. */
#include "certs/path.h"
#include "certs/rules.h"

#include <stdint.h>
#include <stdlib.h>

#define AT_NOON 1813060800 /* 2027-06-15T12:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void judge(const struct chain *chain, enum policy policy, enum occasion occasion,
                  const struct chain_order *order)
{
    scoped(report_clear) struct report report = {0};
    struct judged judged = {.chain = chain,
                            .policy = policy,
                            .occasion = occasion,
                            .now = AT_NOON,
                            .order = order};

    rules_judge(&judged, &report);
    for (size_t i = 0; i < report.n; i++)
        if (message_of(report.item[i].msg)->rule == NULL)
            abort();
    (void)rules_headline(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(chain_clear) struct chain chain = {0};
    struct chain_order order = {0};
    struct error err = {0};
    struct path path = {0};

    if (!chain_parse(&chain, span_of(data, n), &err))
        return 0;
    chain_lay_order(&order, &chain);
    for (unsigned i = 0; i < POLICIES * OCCASIONS; i++)
        judge(&chain, (enum policy)(i / OCCASIONS), (enum occasion)(i % OCCASIONS), &order);
    (void)path_build(&path, chain_leaf(&chain), &chain,
                     &(const struct trust){.anchors = chain});
    return 0;
}
