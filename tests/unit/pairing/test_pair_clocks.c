/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The matrix: every folder of tests/data/pairs under every policy, with the clocks as each
 * line of tests/data/clocks has them, through the conversation in which each side learns of
 * the other's clock. What both find together stands in the folder: `clocks` where clocks
 * matter, `expect` else.
 */
#include "base/fs.h"
#include "base/text.h"
#include "pairing/pair.h"
#include "tests/support/pairs.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define CLOCKS_MAX 32
#define NOON_MS (INT64_C(1000) * AT_NOON)

struct clocks {
    char name[32];
    long long source, target; /* seconds from noon */
    long long trip_ms;
};

static size_t clocks_load(struct clocks out[CLOCKS_MAX])
{
    scoped(buf_clear) struct buf file = buf_upto(8192);
    struct error err = {0};
    size_t n = 0;

    CU_ASSERT_FATAL(fs_read(&file, TEST_DATA "/clocks", &err) &&
                    buf_terminate(&file, &err));
    for (const char *line = (const char *)file.at; *line != '\0' && n < CLOCKS_MAX;) {
        if (*line != '#' && sscanf(line, "%31s %lld %lld %lld", out[n].name, &out[n].source,
                                   &out[n].target, &out[n].trip_ms) == 4)
            n++;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return n;
}

/* One side: what it saw of the connection, the root it trusts, its clock at the beginning.
 */
struct end {
    struct tls_facts facts;
    struct trust trust;
    struct pair pair;
    int64_t clock_ms;
};

static void end_begin(struct end *out, enum side self, const struct pair_case *given,
                      enum policy policy, long long seconds)
{
    const struct chain *own = self == SIDE_SOURCE ? &given->source : &given->target;
    const struct chain *peer = self == SIDE_SOURCE ? &given->target : &given->source;
    const struct pair_setup setup = {.self = self,
                                     .own = leaves_one(own),
                                     .facts = &out->facts,
                                     .trust = &out->trust,
                                     .policy = policy};
    struct error err = {0};

    *out = (struct end){.clock_ms = NOON_MS + 1000 * seconds};
    CU_ASSERT_FATAL(chain_copy(&out->facts.peer, peer, &err));
    CU_ASSERT_FATAL(verdict_own_root(&out->trust, own, &err));
    CU_ASSERT_FATAL(pair_begin(&out->pair, &setup, &err));
}

static void end_clear(struct end *end)
{
    pair_clear(&end->pair);
    trust_clear(&end->trust);
    tls_facts_clear(&end->facts);
}

/* One message, each side by its own clock, `passed` milliseconds after the beginning. */
static void tell(struct end *from, int64_t passed_from, struct end *to, int64_t passed_to)
{
    scoped(buf_clear) struct buf message = buf_upto(PAIR_MESSAGE_MAX);
    struct error err = {0};

    CU_ASSERT_FATAL(pair_say(&from->pair, from->clock_ms + passed_from, &message, &err));
    CU_ASSERT_FATAL(
        pair_hear(&to->pair, to->clock_ms + passed_to, buf_span(&message), &err));
}

/* Until both can judge; the judgement is at the clocks of the beginning. */
static void both_judge(struct report *out, struct end *source, struct end *target,
                       int64_t trip_ms)
{
    struct error err = {0};

    tell(source, 0, target, trip_ms / 2);
    tell(target, trip_ms / 2, source, trip_ms);
    tell(source, trip_ms, target, trip_ms);
    tell(target, trip_ms, source, trip_ms);
    CU_ASSERT_FATAL(pair_judge(&source->pair, source->clock_ms, &err));
    CU_ASSERT_FATAL(pair_judge(&target->pair, target->clock_ms, &err));
    verdict_merge(out, &source->pair.findings);
    verdict_merge(out, &target->pair.findings);
}

static void expected(char out[TOLD_MAX], const struct pair_case *given,
                     const struct clocks *clocks, enum policy policy)
{
    char key[2 * sizeof(clocks->name)];

    snprintf(key, sizeof(key), "%.31s %s", clocks->name, policy_name(policy));
    if (!pair_case_expects(out, &given->clocks, key) &&
        !pair_case_expects(out, &given->clocks, clocks->name) &&
        !pair_case_expects(out, &given->expect, policy_name(policy)))
        (void)text_copy(out, TOLD_MAX, "a line in expect");
}

static bool one_agrees(const char *name, const struct pair_case *given,
                       const struct clocks *clocks, enum policy policy)
{
    scoped(end_clear) struct end source, target;
    scoped(report_clear) struct report report = {0};
    char want[TOLD_MAX], got[TOLD_MAX];

    end_begin(&source, SIDE_SOURCE, given, policy, clocks->source);
    end_begin(&target, SIDE_TARGET, given, policy, clocks->target);
    both_judge(&report, &source, &target, clocks->trip_ms);
    expected(want, given, clocks, policy);
    report_tell(got, &report);
    if (text_equal(want, got))
        return true;
    printf("\n  %s, %s, %s:\n    wanted %s\n    got    %s", name, clocks->name,
           policy_name(policy), want, got);
    return false;
}

static unsigned case_differs(const char *name, const struct clocks *clocks, size_t n)
{
    scoped(pair_case_clear) struct pair_case given;
    unsigned wrong = 0;

    pair_case_load(&given, name);
    chain_remember(&given.source, &(struct chain){0}); /* as when a connection brings it */
    chain_remember(&given.target, &given.source);
    if (given.clocks.n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        for (unsigned policy = 0; policy < POLICIES; policy++)
            wrong += !one_agrees(name, &given, &clocks[i], (enum policy)policy);
    return wrong;
}

static void every_pair_gives_the_findings_of_its_clocks(void)
{
    DIR *pairs = opendir(TEST_DATA "/pairs");
    struct clocks clocks[CLOCKS_MAX];
    const size_t n = clocks_load(clocks);
    unsigned cases = 0, wrong = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(pairs);
    for (struct dirent *one = readdir(pairs); one != NULL; one = readdir(pairs)) {
        if (one->d_name[0] == '.')
            continue;
        cases++;
        wrong += case_differs(one->d_name, clocks, n);
    }
    closedir(pairs);
    printf("\n  %u pairs, %zu clocks, %u policies: %u differ ", cases, n,
           (unsigned)POLICIES, wrong);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(cases >= 20 && n >= 13);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_pair_gives_the_findings_of_its_clocks),
    };

    return run_tests("pair_clocks", tests, COUNT(tests));
}
