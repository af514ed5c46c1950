/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/receipt_check.h"

#include "base/text.h"
#include "certs/validate.h"

#include <stdio.h>

void receipt_check_clear(struct receipt_check *check)
{
    report_clear(&check->findings);
}

static void find(struct receipt_check *check, enum msg msg, const char *what)
{
    struct error finding = {0};

    fail(&finding, msg, "%s", what);
    report_add(&check->findings, &finding);
}

/* One side as the file and the receipt have it. */
struct side_of {
    const char *name;
    const struct buf *packed;
    const struct receipt_party *party;
    enum purpose purpose;
    struct chain chain; /* empty when the file has none or it is damaged */
};

/* The chain that the receipt names, or a finding; no chain in the file is none. */
static void unpack(struct side_of *side, struct receipt_check *check)
{
    struct error why = {0};
    struct digest digest;
    char name[32];

    if (side->packed->n == 0)
        return;
    snprintf(name, sizeof(name), "%s_chain", side->name);
    digest_of(&digest, DIGEST_SHA256, buf_span(side->packed));
    if (!digest_equal(&digest, &side->party->chain) ||
        !chain_unpack(&side->chain, buf_span(side->packed), &why)) {
        chain_clear(&side->chain);
        find(check, E_RECEIPT_FIELD, name);
    }
}

/* The leaf has the key that the receipt names for its part. */
static void check_key(const struct side_of *side, struct receipt_check *check)
{
    const struct digest *key = side->purpose == PURPOSE_SERVER ? &side->party->server_key
                                                               : &side->party->client_key;
    char name[48];

    if (digest_equal(key, &chain_leaf(&side->chain)->spki_sha256))
        return;
    snprintf(name, sizeof(name), "%s: not the key of its leaf", side->name);
    find(check, E_RECEIPT_FIELD, name);
}

/* At the time of the commit: whatever has expired since was good then. */
static void check_path(const struct side_of *side, const struct chain *anchors,
                       struct receipt_check *check)
{
    const struct question question = {.leaf = chain_leaf(&side->chain),
                                      .untrusted = &side->chain,
                                      .anchors = anchors,
                                      .purpose = side->purpose,
                                      .now = (time_t)check->receipt.committed};
    struct answer answer = {0};

    validate(&answer, &question, &check->findings);
}

static void check_side(struct side_of *side, const struct chain *anchors,
                       struct receipt_check *check)
{
    char name[32];

    unpack(side, check);
    if (side->chain.n > 0) {
        check_key(side, check);
        if (anchors != NULL)
            check_path(side, anchors, check);
    } else if (anchors != NULL && side->packed->n == 0) {
        snprintf(name, sizeof(name), "%s_chain is not in the file", side->name);
        find(check, E_RECEIPT_FIELD, name);
    }
}

static void check_target_signature(const struct outcome_file *file, const struct cert *by,
                                   struct receipt_check *check)
{
    struct error why = {0};

    if (by == NULL)
        find(check, E_STATEMENT_SIGNATURE, "receipt: no certificate of the target");
    else if (!receipt_signature_holds(&file->text, SIGNED_RECEIPT, by->spki, &why))
        find(check, E_STATEMENT_SIGNATURE, "receipt.signature, by the target");
}

static void check_countersignature(const struct outcome_file *file,
                                   const struct chain *source, struct receipt_check *check)
{
    const struct signed_text text = {.body = file->text.body,
                                     .signature = file->countersignature};
    struct error why = {0};

    if (file->countersignature.n == 0) {
        fail(&why, E_RECEIPT_ONE_SIGNED, "%s", check->receipt.migration);
        why.severity = SEVERITY_WARNING;
        report_add(&check->findings, &why);
    } else if (source->n > 0 && !receipt_signature_holds(&text, SIGNED_COUNTERSIGN,
                                                         chain_leaf(source)->spki, &why)) {
        find(check, E_STATEMENT_SIGNATURE, "countersignature, by the source");
    }
}

void receipt_check(struct receipt_check *out, const struct outcome_file *file,
                   const struct chain *anchors, const struct cert *target)
{
    struct receipt *receipt = &out->receipt;
    struct side_of source = {
        "source", &file->source_chain, &receipt->source, PURPOSE_CLIENT, {0}};
    struct side_of by = {
        "target", &file->target_chain, &receipt->target, PURPOSE_SERVER, {0}};
    struct error why = {0};

    digest_of(&out->hash, DIGEST_SHA256, buf_span(&file->text.body));
    outcome_file_compare(file, &out->findings);
    if (!receipt_read(receipt, buf_span(&file->text.body), &why)) {
        report_add(&out->findings, &why);
        return;
    }
    check_side(&source, anchors, out);
    check_side(&by, anchors, out);
    if (target == NULL && by.chain.n > 0)
        target = chain_leaf(&by.chain);
    check_target_signature(file, target, out);
    check_countersignature(file, &source.chain, out);
    chain_clear(&source.chain);
    chain_clear(&by.chain);
}

void receipt_check_follows(struct receipt_check *out, const struct receipt_check *before)
{
    if (!digest_equal(&out->receipt.previous, &before->hash))
        find(out, E_RECEIPT_PREVIOUS, out->receipt.migration);
}
