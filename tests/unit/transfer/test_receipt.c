/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/receipt.h"

#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

/* A receipt that says everything, signed by a key made for the test. */
struct desk_of_keys {
    struct key target, source;
    struct receipt receipt;
    struct signed_text text;
    struct handover ours;
    struct error err;
};

static void keys_clear(struct desk_of_keys *keys)
{
    key_clear(&keys->target);
    key_clear(&keys->source);
    signed_text_clear(&keys->text);
}

static struct span target_spki(const struct desk_of_keys *keys)
{
    return buf_span(&keys->target.spki);
}

static void keys_make(struct desk_of_keys *out)
{
    struct receipt *receipt = &out->receipt;

    *out = (struct desk_of_keys){
        .target = key_none(), .source = key_none(), .text = signed_text_none()};
    CU_ASSERT_FATAL(key_make(&out->target, KEY_CHOICE_EC, &out->err) &&
                    key_make(&out->source, KEY_CHOICE_EC, &out->err));
    *receipt = (struct receipt){.migration = "m-1",
                                .name = "tree",
                                .terms = {.generation = 1,
                                          .epoch = 8,
                                          .manifest_root = {{1}},
                                          .contents_root = {{2}}},
                                .kind = DIGEST_BLAKE3,
                                .bytes = 1ULL << 50,
                                .started = 1000,
                                .committed = 2000,
                                .tls_version = "TLSv1.3"};
    key_spki_digest(&receipt->target.server_key, &out->target);
    out->ours = (struct handover){.migration = "m-1",
                                  .generation = 1,
                                  .epoch = 7,
                                  .has_terms = true,
                                  .terms = receipt->terms};
    out->ours.terms.epoch = 7;
}

static void sign(struct desk_of_keys *keys)
{
    buf_reset(&keys->text.body);
    CU_ASSERT_FATAL(receipt_write(&keys->text.body, &keys->receipt, &keys->err) &&
                    receipt_sign(&keys->text, &keys->target, SIGNED_RECEIPT, &keys->err));
}

static enum msg accepting_says(struct desk_of_keys *keys)
{
    struct receipt read;
    struct error err = {0};

    return receipt_accept(&read, &keys->text, target_spki(keys), &keys->ours, &err)
               ? E_NONE
               : err.msg;
}

static void a_signed_receipt_is_accepted(void)
{
    scoped(keys_clear) struct desk_of_keys k;
    struct receipt read;

    keys_make(&k);
    sign(&k);
    CU_ASSERT_EQUAL(accepting_says(&k), E_NONE);
    CU_ASSERT_FATAL(receipt_read(&read, buf_span(&k.text.body), &k.err));
    CU_ASSERT(read.bytes == 1ULL << 50 && read.terms.epoch == 8);
    CU_ASSERT_STRING_EQUAL(read.tls_version, "TLSv1.3");
}

static void a_flipped_bit_is_refused(void)
{
    scoped(keys_clear) struct desk_of_keys k;

    keys_make(&k);
    sign(&k);
    k.text.body.at[k.text.body.n / 2] ^= 1;
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_SIGNATURE);
    k.text.body.at[k.text.body.n / 2] ^= 1;
    k.text.signature.at[k.text.signature.n - 1] ^= 1;
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_SIGNATURE);
}

static void what_the_source_signed_is_no_receipt(void)
{
    scoped(keys_clear) struct desk_of_keys k;

    keys_make(&k);
    sign(&k);
    CU_ASSERT_FATAL(receipt_sign(&k.text, &k.target, SIGNED_COUNTERSIGN, &k.err));
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_SIGNATURE);
    CU_ASSERT(
        receipt_signature_holds(&k.text, SIGNED_COUNTERSIGN, target_spki(&k), &k.err));
    CU_ASSERT_FALSE(
        receipt_signature_holds(&k.text, SIGNED_ABORT, target_spki(&k), &k.err));
}

/* It is the server leaf's key that signs: the other one of the same target does not. */
static void the_targets_client_leaf_signs_no_receipt(void)
{
    scoped(keys_clear) struct desk_of_keys k;

    keys_make(&k);
    k.receipt.target.client_key = k.receipt.target.server_key;
    k.receipt.target.server_key.byte[0] ^= 1;
    sign(&k);
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_OTHER);
}

static void a_receipt_of_something_else_is_refused(void)
{
    scoped(keys_clear) struct desk_of_keys k;

    keys_make(&k);
    k.receipt.terms.epoch = 9;
    sign(&k);
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_OTHER);
    k.receipt.terms.epoch = 8;
    k.receipt.terms.contents_root.byte[5] = 1;
    sign(&k);
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_OTHER);
    k.receipt.terms.contents_root.byte[5] = 0;
    CU_ASSERT(text_fits(k.receipt.migration, "m-2"));
    sign(&k);
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_OTHER);
}

static void notices_are_checked_the_same_way(void)
{
    scoped(keys_clear) struct desk_of_keys k;
    struct notice notice = {.migration = "m-1", .generation = 1, .epoch = 7, .at = 5};
    struct notice read;

    keys_make(&k);
    key_spki_digest(&notice.key, &k.target);
    CU_ASSERT_FATAL(notice_write(&k.text.body, &notice, &k.err) &&
                    receipt_sign(&k.text, &k.target, SIGNED_ABORT, &k.err));
    CU_ASSERT(
        notice_accept(&read, &k.text, SIGNED_ABORT, target_spki(&k), &k.ours, &k.err));
    CU_ASSERT_EQUAL(read.at, 5);
    CU_ASSERT_FALSE(
        notice_accept(&read, &k.text, SIGNED_FREEZE, target_spki(&k), &k.ours, &k.err));
    k.ours.epoch = 8;
    k.err = (struct error){0};
    CU_ASSERT_FALSE(
        notice_accept(&read, &k.text, SIGNED_ABORT, target_spki(&k), &k.ours, &k.err));
    CU_ASSERT_EQUAL(k.err.msg, E_STATEMENT_OTHER);
}

static void each_term_of_a_receipt_has_to_be_ours(void)
{
    scoped(keys_clear) struct desk_of_keys k;

    keys_make(&k);
    k.receipt.terms.generation++;
    sign(&k);
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_OTHER);
    k.receipt.terms.generation--;
    k.receipt.terms.manifest_root.byte[31] ^= 0x80;
    sign(&k);
    CU_ASSERT_EQUAL(accepting_says(&k), E_STATEMENT_OTHER);
    /* Who has sealed nothing has no terms to hold it against. */
    k.ours.has_terms = false;
    CU_ASSERT_EQUAL(accepting_says(&k), E_NONE);
}

static enum msg notice_says(struct desk_of_keys *k, const struct notice *notice,
                            enum signed_kind kind)
{
    struct notice read;

    buf_reset(&k->text.body);
    buf_reset(&k->text.signature);
    k->err = (struct error){0};
    CU_ASSERT_FATAL(notice_write(&k->text.body, notice, &k->err) &&
                    receipt_sign(&k->text, &k->target, kind, &k->err));
    (void)!notice_accept(&read, &k->text, kind, target_spki(k), &k->ours, &k->err);
    return k->err.msg;
}

static void an_abort_ends_every_generation_so_far_a_freeze_its_own(void)
{
    scoped(keys_clear) struct desk_of_keys k;
    struct notice notice = {.migration = "m-1", .generation = 1, .epoch = 7};

    keys_make(&k);
    k.ours.generation = 2;
    key_spki_digest(&notice.key, &k.target);
    CU_ASSERT_EQUAL(notice_says(&k, &notice, SIGNED_ABORT), E_NONE);
    CU_ASSERT_EQUAL(notice_says(&k, &notice, SIGNED_FREEZE), E_STATEMENT_OTHER);
    notice.generation = 2;
    CU_ASSERT_EQUAL(notice_says(&k, &notice, SIGNED_ABORT), E_NONE);
    CU_ASSERT_EQUAL(notice_says(&k, &notice, SIGNED_FREEZE), E_NONE);
    notice.generation = 3;
    CU_ASSERT_EQUAL(notice_says(&k, &notice, SIGNED_ABORT), E_STATEMENT_OTHER);
    CU_ASSERT_EQUAL(notice_says(&k, &notice, SIGNED_FREEZE), E_STATEMENT_OTHER);
}

static void a_notice_names_the_migration_and_who_signed_it(void)
{
    scoped(keys_clear) struct desk_of_keys k;
    struct notice notice = {.migration = "m-2", .generation = 1, .epoch = 7};

    keys_make(&k);
    key_spki_digest(&notice.key, &k.target);
    CU_ASSERT_EQUAL(notice_says(&k, &notice, SIGNED_ABORT), E_STATEMENT_OTHER);
    (void)text_fits(notice.migration, "m-1");
    notice.key.byte[0] ^= 1;
    CU_ASSERT_EQUAL(notice_says(&k, &notice, SIGNED_ABORT), E_STATEMENT_OTHER);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_signed_receipt_is_accepted),
        TEST(a_flipped_bit_is_refused),
        TEST(what_the_source_signed_is_no_receipt),
        TEST(the_targets_client_leaf_signs_no_receipt),
        TEST(a_receipt_of_something_else_is_refused),
        TEST(notices_are_checked_the_same_way),
        TEST(each_term_of_a_receipt_has_to_be_ours),
        TEST(an_abort_ends_every_generation_so_far_a_freeze_its_own),
        TEST(a_notice_names_the_migration_and_who_signed_it),
    };

    return run_tests("receipt", tests, COUNT(tests));
}
