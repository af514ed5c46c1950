/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receipt that two appliances have signed, and what is found in it when it is touched. */
#include "agent/receipt_check.h"

#include "base/text.h"
#include "tests/support/family.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define LONG_AGO 1600000000 /* before any certificate of the family */

struct paper {
    struct family family;
    struct appliance source, target;
    struct chain anchors;
    struct receipt receipt;
    struct outcome_file file;
};

static void paper_clear(struct paper *paper)
{
    outcome_file_clear(&paper->file);
    chain_clear(&paper->anchors);
    appliance_clear(&paper->source);
    appliance_clear(&paper->target);
    family_clear(&paper->family);
}

static void party_fill(struct receipt_party *out, const struct chain *chain)
{
    out->server_key = out->client_key = chain_leaf(chain)->spki_sha256;
    (void)text_fits(out->name, cert_issued_to(chain_leaf(chain)));
    (void)text_fits(out->policy, "default");
    chain_digest(&out->chain, chain);
}

/* Written and signed by both, as it now is. */
static void sign(struct paper *paper)
{
    scoped(signed_text_clear) struct signed_text counter = signed_text_none();
    struct outcome_file *file = &paper->file;
    struct error err = {0};

    outcome_file_clear(file);
    *file = outcome_file_none();
    file->kind = SIGNED_RECEIPT;
    CU_ASSERT_FATAL(
        receipt_write(&file->text.body, &paper->receipt, &err) &&
        receipt_sign(&file->text, &paper->target.whole, SIGNED_RECEIPT, &err) &&
        buf_add(&counter.body, buf_span(&file->text.body), &err) &&
        receipt_sign(&counter, &paper->source.whole, SIGNED_COUNTERSIGN, &err) &&
        buf_add(&file->countersignature, buf_span(&counter.signature), &err) &&
        chain_pack(&file->source_chain, &paper->source.identity.chain, &err) &&
        chain_pack(&file->target_chain, &paper->target.identity.chain, &err) &&
        buf_add(&file->shown, buf_span(&file->text.body), &err));
}

static void paper_make(struct paper *out)
{
    struct error err = {0};

    family_make(&out->family, KEY_CHOICE_EC, 3);
    appliance_make(&out->source, &out->family, KEY_CHOICE_EC, "source.example.com");
    appliance_make(&out->target, &out->family, KEY_CHOICE_EC, "target.example.com");
    CU_ASSERT_FATAL(chain_add_der(
        &out->anchors, buf_span(&chain_root(&out->source.identity.chain)->der), &err));
    out->receipt = (struct receipt){.terms = {.generation = 1, .epoch = 2},
                                    .kind = DIGEST_BLAKE3,
                                    .bytes = 4711,
                                    .started = AT_NOON - 60,
                                    .committed = AT_NOON};
    (void)text_fits(out->receipt.migration, "m-1");
    (void)text_fits(out->receipt.name, "estate");
    party_fill(&out->receipt.source, &out->source.identity.chain);
    party_fill(&out->receipt.target, &out->target.identity.chain);
    sign(out);
}

/* What is found: "" when it is good, else the first finding's words. */
static const char *found(struct paper *paper, const struct chain *anchors)
{
    static char about[512];
    scoped(receipt_check_clear) struct receipt_check check = {0};

    receipt_check(&check, &paper->file, anchors, NULL);
    about[0] = '\0';
    if (check.findings.n > 0)
        (void)text_fits(about, check.findings.item[0].about);
    return about;
}

static void what_both_signed_is_good(void)
{
    scoped(paper_clear) struct paper paper = {0};

    paper_make(&paper);
    CU_ASSERT_STRING_EQUAL(found(&paper, &paper.anchors), "");
}

static void a_field_that_differs_is_named(void)
{
    static const struct {
        const char *from, *to, *field;
    } touched[] = {
        {"4711", "4712", "bytes"},
        {"estate", "estatf", "name"},
        {"T12:00:00Z", "T12:00:01Z", "committed"},
        {"\"policy\":\"default\"", "\"policy\":\"defaulT\"", "source.policy"},
        {"{\"format", "{'format", "body"},
    };

    for (size_t i = 0; i < COUNT(touched); i++) {
        scoped(paper_clear) struct paper paper = {0};
        struct buf *body = &paper.file.text.body;
        char *at;

        paper_make(&paper);
        at = memmem(body->at, body->n, touched[i].from, strlen(touched[i].from));
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        memcpy(at, touched[i].to, strlen(touched[i].to));
        CU_ASSERT_STRING_EQUAL(found(&paper, NULL), touched[i].field);
    }
}

static void signatures_and_chains_are_named(void)
{
    scoped(paper_clear) struct paper paper = {0};

    paper_make(&paper);
    paper.file.text.signature.at[9] ^= 1;
    CU_ASSERT(text_starts(found(&paper, NULL), "receipt.signature"));
    sign(&paper);
    paper.file.countersignature.at[9] ^= 1;
    CU_ASSERT(text_starts(found(&paper, NULL), "countersignature"));
    sign(&paper);
    paper.file.source_chain.at[99] ^= 1;
    CU_ASSERT_STRING_EQUAL(found(&paper, NULL), "source_chain");
    sign(&paper);
    buf_reset(&paper.file.target_chain);
    CU_ASSERT_STRING_EQUAL(found(&paper, &paper.anchors),
                           "target_chain is not in the file");
}

/* A chain counts at the time of the commit, and up to an anchor of the judge. */
static void chains_are_judged_as_of_the_commit(void)
{
    scoped(paper_clear) struct paper paper = {0}, other = {0};

    paper_make(&paper);
    paper_make(&other);
    CU_ASSERT_STRING_NOT_EQUAL(found(&paper, &other.anchors), "");
    paper.receipt.committed = LONG_AGO;
    sign(&paper);
    CU_ASSERT_STRING_NOT_EQUAL(found(&paper, &paper.anchors), "");
    CU_ASSERT_STRING_EQUAL(found(&paper, NULL), "");
}

static void one_that_is_left_out_is_missed(void)
{
    scoped(paper_clear) struct paper paper = {0};
    struct receipt_check first = {0}, second = {0}, third = {0};

    paper_make(&paper);
    receipt_check(&first, &paper.file, NULL, NULL);
    paper.receipt.previous = first.hash;
    sign(&paper);
    receipt_check(&second, &paper.file, NULL, NULL);
    receipt_check_follows(&second, &first);
    CU_ASSERT_EQUAL(report_errors(&second.findings), 0);
    receipt_check(&third, &paper.file, NULL, NULL);
    receipt_check_follows(&third, &second);
    CU_ASSERT_PTR_NOT_NULL(report_find(&third.findings, E_RECEIPT_PREVIOUS));
    receipt_check_clear(&first);
    receipt_check_clear(&second);
    receipt_check_clear(&third);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_both_signed_is_good),        TEST(a_field_that_differs_is_named),
        TEST(signatures_and_chains_are_named), TEST(chains_are_judged_as_of_the_commit),
        TEST(one_that_is_left_out_is_missed),
    };

    return run_tests("receipt_check", tests, COUNT(tests));
}
