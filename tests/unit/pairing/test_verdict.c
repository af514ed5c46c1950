/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every folder of tests/data/pairs through both sides' eyes; then each condition alone. */
#include "base/fs.h"
#include "base/text.h"
#include "pairing/verdict.h"
#include "tests/support/judgement.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

static bool same(const char *name, const char *key, const char *want, const char *got)
{
    if (text_equal(want, got))
        return true;
    printf("\n  %s, %s:\n    wanted %s\n    got    %s", name, key, want, got);
    return false;
}

static bool findings_agree(const char *name, const struct pair_case *given,
                           enum policy policy)
{
    scoped(report_clear) struct report report = {0};
    const struct leaves source = pair_case_leaves(given, SIDE_SOURCE);
    const struct leaves target = pair_case_leaves(given, SIDE_TARGET);
    struct error err = {0};
    char want[TOLD_MAX] = "a line in expect", got[TOLD_MAX];

    CU_ASSERT_FATAL(verdict_preflight(&report, &source, &target, policy,
                                      &(struct demands){0}, AT_NOON, &err));
    (void)pair_case_expects(want, &given->expect, policy_name(policy));
    report_tell(got, &report);
    return same(name, policy_name(policy), want, got);
}

/* A rung matches when it does so in both sides' eyes. */
static void lay_both(struct ladder ladder[2], const struct pair_case *given)
{
    for (size_t i = 0; i < 2; i++) {
        scoped(trust_clear) struct trust trust = {0};
        enum side own = i == 0 ? SIDE_SOURCE : SIDE_TARGET;
        struct error err = {0};

        CU_ASSERT_FATAL(
            verdict_own_root(&trust, i == 0 ? &given->source : &given->target, &err));
        ladder_lay(&ladder[i], &given->source, &given->target, own, &trust);
    }
}

static bool rungs_agree(const char *name, const struct pair_case *given)
{
    struct ladder ladder[2] = {0};
    char want[TOLD_MAX], got[TOLD_MAX] = "";
    size_t at = 0;
    bool good = true;

    lay_both(ladder, given);
    for (size_t i = 0; i < ladder[0].n; i++)
        at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%s", i > 0 ? " " : "",
                               ladder[0].rung[i].match && ladder[1].rung[i].match ? "<->"
                                                                                  : "X");
    if (pair_case_expects(want, &given->expect, "rungs"))
        good = same(name, "rungs", want, got);
    else
        CU_ASSERT_NOT_EQUAL(ladder[0].source.n, ladder[0].target.n);
    return good;
}

static bool case_agrees(const char *name)
{
    scoped(pair_case_clear) struct pair_case given;
    bool good = true;

    pair_case_load(&given, name);
    for (unsigned policy = 0; policy < POLICIES; policy++)
        good = findings_agree(name, &given, (enum policy)policy) && good;
    return rungs_agree(name, &given) && good;
}

static void every_pair_gives_exactly_the_findings_it_names(void)
{
    DIR *pairs = opendir(TEST_DATA "/pairs");
    unsigned cases = 0, wrong = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(pairs);
    for (struct dirent *one = readdir(pairs); one != NULL; one = readdir(pairs)) {
        if (one->d_name[0] == '.')
            continue;
        cases++;
        wrong += !case_agrees(one->d_name);
    }
    closedir(pairs);
    printf("\n  %u pairs, %u differ ", cases, wrong);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(cases >= 20);
}

static void a_good_pair_has_no_finding_live(void)
{
    static const enum side eyes[] = {SIDE_SOURCE, SIDE_TARGET};

    for (size_t i = 0; i < COUNT(eyes); i++) {
        scoped(judgement_clear) struct judgement j;

        judgement_make(&j, "same-ladder", eyes[i]);
        (void)judged(&j, E_NONE);
        CU_ASSERT_EQUAL(j.report.n, 0);
    }
}

static void a_connection_that_is_not_fresh_is_refused(void)
{
    scoped(judgement_clear) struct judgement j;

    judgement_make(&j, "same-ladder", SIDE_TARGET);
    j.comparison.fresh_tls13 = false;
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_TLS_POLICY));
    CU_ASSERT_EQUAL(report_errors(&j.report), 1);
    j.comparison.offline = true;
    CU_ASSERT_PTR_NULL(judged(&j, E_TLS_POLICY));
}

static void a_pin_replaces_trust_and_ladder_and_nothing_else(void)
{
    scoped(judgement_clear) struct judgement j;

    judgement_make(&j, "other-root", SIDE_SOURCE);
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_TRUST_NO_PATH));
    j.comparison.demands.pin[0] = chain_leaf(&j.given.target)->spki_sha256;
    j.comparison.demands.pins = 1;
    CU_ASSERT_PTR_NULL(judged(&j, E_TRUST_NO_PATH));
    CU_ASSERT_PTR_NULL(report_find(&j.report, E_LADDER_NAME));
    CU_ASSERT_EQUAL(report_errors(&j.report), 0);
    j.comparison.peer_name = "somebody.else.example.com";
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_PEER_NAME));
}

static void a_key_that_is_not_pinned_is_refused_though_its_chain_is_good(void)
{
    scoped(judgement_clear) struct judgement j;

    judgement_make(&j, "same-ladder", SIDE_TARGET);
    j.comparison.demands.pin[0] = chain_leaf(&j.given.target)->spki_sha256;
    j.comparison.demands.pins = 1;
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_PIN));
    CU_ASSERT_EQUAL(report_errors(&j.report), 1);
}

/* Of two leaves the one that is presented: its word stands for the other. */
static void a_pin_is_of_the_leaf_that_is_presented(void)
{
    const struct trust nobody = {0};
    scoped(judgement_clear) struct judgement j;

    judgement_make(&j, "split-both", SIDE_SOURCE);
    j.comparison.trust = &nobody;
    (void)judged(&j, E_NONE);
    CU_ASSERT_EQUAL(judged_times(&j, E_TRUST_NO_PATH), 2);
    j.comparison.demands.pins = 1;
    j.comparison.demands.pin[0] = chain_leaf(&j.given.target_other)->spki_sha256;
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_PIN));
    j.comparison.demands.pin[0] = chain_leaf(&j.given.target)->spki_sha256;
    CU_ASSERT_PTR_NULL(judged(&j, E_PIN));
    CU_ASSERT_PTR_NULL(report_find(&j.report, E_TRUST_NO_PATH));
    CU_ASSERT_PTR_NOT_NULL(report_find(&j.report, E_VOUCH_MISSING));
}

static void the_name_is_asked_of_the_leaf_that_was_dialled(void)
{
    scoped(judgement_clear) struct judgement j;
    const struct error *finding;

    judgement_make(&j, "split-client-leaf-without-name", SIDE_SOURCE);
    j.comparison.peer_name = "oment-400.example.test";
    CU_ASSERT_PTR_NULL(judged(&j, E_PEER_NAME));
    CU_ASSERT_PTR_NULL(report_find(&j.report, E_PEER_NAME_BY_CN));
    j.comparison.peer_name = "other.example.test";
    finding = judged(&j, E_PEER_NAME);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_PTR_NOT_NULL(strstr(finding->about, "server leaf: "));
}

static void lists_are_asked_about_every_leaf(void)
{
    const struct held_crls none = {0};
    scoped(judgement_clear) struct judgement j;
    size_t named = 0;

    judgement_make(&j, "split-source", SIDE_TARGET);
    j.comparison.crls = &none;
    j.comparison.demands.require_revocation = true;
    (void)judged(&j, E_NONE);
    /* Two leaves of the source, one of the target. */
    CU_ASSERT_EQUAL(judged_times(&j, E_RUNG_CRL_NONE), 3);
    for (size_t i = 0; i < j.report.n; i++)
        named += strstr(j.report.item[i].about, "server leaf: ") != NULL;
    CU_ASSERT_EQUAL(named, 1);
}

/* A CA's key is proven, and the leaf that is judged is one that this CA has issued. */
static void a_leaf_that_is_not_the_one_proven_is_refused(void)
{
    static const size_t order[] = {1, 0, 2};
    scoped(judgement_clear) struct judgement j;
    scoped(chain_clear) struct chain shown = {0};
    const struct error *finding;
    struct error err = {0};

    judgement_make(&j, "same-ladder", SIDE_SOURCE);
    CU_ASSERT_EQUAL_FATAL(j.given.target.n, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++)
        CU_ASSERT_FATAL(
            chain_add_der(&shown, buf_span(&j.given.target.cert[order[i]].der), &err));
    j.comparison.target = leaves_one(&shown);
    finding = judged(&j, E_PAIR_FIRST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_EQUAL(finding->side, SIDE_TARGET);
    CU_ASSERT_EQUAL(report_errors(&j.report), 1);
    j.comparison.demands.pin[0] = chain_leaf(&shown)->spki_sha256;
    j.comparison.demands.pins = 1;
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_PAIR_FIRST));
    j.comparison.offline = true; /* two files, and nothing proven */
    CU_ASSERT_PTR_NULL(judged(&j, E_PAIR_FIRST));
}

static void a_post_quantum_exchange_can_be_required(void)
{
    scoped(judgement_clear) struct judgement j;

    judgement_make(&j, "same-ladder", SIDE_SOURCE);
    j.comparison.group = "X25519";
    CU_ASSERT_PTR_NULL(judged(&j, E_NOT_POST_QUANTUM));
    j.comparison.demands.require_pq = true;
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_NOT_POST_QUANTUM));
    j.comparison.group = "X25519MLKEM768";
    CU_ASSERT_PTR_NULL(judged(&j, E_NOT_POST_QUANTUM));
}

static void one_key_on_both_sides_is_refused(void)
{
    scoped(judgement_clear) struct judgement same_key, same_file;

    judgement_make(&same_key, "same-leaf-key", SIDE_SOURCE);
    CU_ASSERT_PTR_NOT_NULL(judged(&same_key, E_SAME_IDENTITY));
    judgement_make(&same_file, "same-certificate", SIDE_SOURCE);
    CU_ASSERT_PTR_NOT_NULL(judged(&same_file, E_SAME_IDENTITY));
}

static void the_peer_must_be_who_was_dialled(void)
{
    scoped(judgement_clear) struct judgement j;
    const struct error *finding;

    judgement_make(&j, "same-ladder", SIDE_SOURCE);
    j.comparison.peer_name = "somebody.else.example.com";
    finding = judged(&j, E_PEER_NAME);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT_EQUAL(finding->side, SIDE_TARGET);
    CU_ASSERT_EQUAL(report_errors(&j.report), 1);
    j.comparison.peer_name = "oment-400.example.test";
    CU_ASSERT_PTR_NULL(judged(&j, E_PEER_NAME));
    CU_ASSERT_EQUAL(j.report.n, 0);
    /* A name that is in the SAN counts; the common name beside it does not. */
    j.comparison.peer_name = cert_issued_to(chain_leaf(&j.given.target));
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_PEER_NAME));
}

static void a_peer_without_a_chain_is_refused_not_believed(void)
{
    scoped(judgement_clear) struct judgement j;
    const struct chain none = {0};

    judgement_make(&j, "same-ladder", SIDE_SOURCE);
    j.comparison.target = leaves_one(&none);
    j.comparison.peer_name = "x.example.com";
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_TRUST_NO_PATH));
}

static void an_anchor_of_its_own_opens_another_root(void)
{
    scoped(judgement_clear) struct judgement j;
    struct error err = {0};

    judgement_make(&j, "other-root", SIDE_SOURCE);
    CU_ASSERT_PTR_NOT_NULL(judged(&j, E_TRUST_NO_PATH));
    CU_ASSERT_FATAL(verdict_own_root(&j.trust, &j.given.target, &err));
    CU_ASSERT_PTR_NULL(judged(&j, E_TRUST_NO_PATH));
}

static void what_both_sides_found_stands_once(void)
{
    scoped(report_clear) struct report one = {0}, two = {0}, all = {0};
    struct error a = {.msg = E_LADDER_NAME, .side = SIDE_BOTH, .about = "x"};
    struct error b = {.msg = E_LADDER_NAME, .side = SIDE_BOTH, .about = "y"};

    report_add(&one, &a);
    report_add(&two, &a);
    report_add(&two, &b);
    two.dropped = 3;
    verdict_merge(&all, &one);
    verdict_merge(&all, &two);
    CU_ASSERT_EQUAL(all.n, 2);
    CU_ASSERT_EQUAL(all.dropped, 3);
}

static void the_first_end_of_both_chains_is_found(void)
{
    scoped(pair_case_clear) struct pair_case given;
    const struct chain none = {0};
    const struct leaves nobody = leaves_one(&none);
    struct leaves source, target;

    pair_case_load(&given, "target-leaf-29-days-left");
    source = pair_case_leaves(&given, SIDE_SOURCE);
    target = pair_case_leaves(&given, SIDE_TARGET);
    CU_ASSERT_EQUAL(verdict_not_after(&source, &target),
                    chain_leaf(&given.target)->not_after.at);
    CU_ASSERT_EQUAL(verdict_not_after(&nobody, &nobody), 0);
}

static void the_refusal_is_told_word_for_word(void)
{
    CU_ASSERT_STRING_EQUAL(
        verdict_refusal,
        "Unable to mutually authenticate and connect to the remote appliance. Please check "
        "the source and target appliances has valid certificate chain uploaded which are "
        "signed by the same CA.");
}

/* "| `trust` | PGP1010 | The peer's chain … |" */
static bool is_documented(struct span doc, const struct message *message)
{
    char row[512];

    snprintf(row, sizeof(row), "\n| `%s` | %s | %s |", message->rule, message->id,
             message->text);
    return span_find(doc, row, NULL);
}

static size_t rows_of_conditions(struct span doc)
{
    size_t n = 0, at = 0;

    for (; span_find(doc, "` | PGP", &at); doc = span_after(doc, at + 1))
        n++;
    return n;
}

/* Neither a condition that nobody can look up, nor one that is no more. */
static void every_condition_is_documented(void)
{
    scoped(buf_clear) struct buf doc = buf_upto(1U << 20);
    struct error err = {0};
    size_t messages = 0;

    CU_ASSERT_FATAL(fs_read(&doc, TEST_DATA "/../../docs/rules.md", &err));
    for (unsigned i = 1; i < MSG_COUNT; i++) {
        const struct message *message = message_of((enum msg)i);

        if (message->rule == NULL || !text_starts(message->id, "PGP"))
            continue;
        messages++;
        CU_ASSERT(is_documented(buf_span(&doc), message));
    }
    CU_ASSERT_EQUAL(rows_of_conditions(buf_span(&doc)), messages);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_pair_gives_exactly_the_findings_it_names),
        TEST(a_good_pair_has_no_finding_live),
        TEST(a_connection_that_is_not_fresh_is_refused),
        TEST(a_pin_replaces_trust_and_ladder_and_nothing_else),
        TEST(a_key_that_is_not_pinned_is_refused_though_its_chain_is_good),
        TEST(a_pin_is_of_the_leaf_that_is_presented),
        TEST(the_name_is_asked_of_the_leaf_that_was_dialled),
        TEST(lists_are_asked_about_every_leaf),
        TEST(a_leaf_that_is_not_the_one_proven_is_refused),
        TEST(a_post_quantum_exchange_can_be_required),
        TEST(one_key_on_both_sides_is_refused),
        TEST(the_peer_must_be_who_was_dialled),
        TEST(a_peer_without_a_chain_is_refused_not_believed),
        TEST(an_anchor_of_its_own_opens_another_root),
        TEST(what_both_sides_found_stands_once),
        TEST(the_first_end_of_both_chains_is_found),
        TEST(the_refusal_is_told_word_for_word),
        TEST(every_condition_is_documented),
    };

    return run_tests("verdict", tests, COUNT(tests));
}
