/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/wire_json.h"

#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

struct trial {
    struct buf json;
    struct error err;
};

static struct trial trial_make(void)
{
    return (struct trial){.json = buf_upto(4096)};
}

static void trial_clear(struct trial *trial)
{
    buf_clear(&trial->json);
}

static void a_status_is_told_and_read(void)
{
    scoped(trial_clear) struct trial t = trial_make();
    const struct handover handover = {.state = TARGET_SEALED, .epoch = 3, .generation = 2};
    const struct receive_status status = {
        .pages = 4, .pages_root = {{9}}, .closed = true, .segments = 10, .received = 7};
    struct send_status read;

    CU_ASSERT_FATAL(wire_write_status(&t.json, &handover, &status, &t.err));
    CU_ASSERT_FATAL(wire_read_status(&read, buf_span(&t.json), &t.err));
    CU_ASSERT(text_equal(read.state, "sealed") && read.epoch == 3 && read.generation == 2);
    CU_ASSERT(read.pages == 4 && read.closed && read.segments == 10 && read.received == 7);
    CU_ASSERT(digest_equal(&read.pages_root, &status.pages_root));
}

static void a_sum_is_told_and_read(void)
{
    scoped(trial_clear) struct trial t = trial_make();
    const struct manifest_sum sum = {
        .root = {{1}}, .pages = 2, .entries = 3, .bytes = 5, .kind = DIGEST_BLAKE3};
    struct manifest_sum left = sum;
    struct manifest_sum read;

    CU_ASSERT_FATAL(wire_write_sum(&t.json, &sum, &t.err));
    CU_ASSERT_FATAL(wire_read_sum(&read, buf_span(&t.json), &t.err));
    CU_ASSERT(manifest_sum_equal(&sum, &read));
    CU_ASSERT_FALSE(read.left.told);
    left.left = (struct left_behind){.told = true, .pipes = 3};
    buf_reset(&t.json);
    CU_ASSERT_FATAL(wire_write_sum(&t.json, &left, &t.err));
    CU_ASSERT_FATAL(wire_read_sum(&read, buf_span(&t.json), &t.err));
    CU_ASSERT(manifest_sum_equal(&sum, &read));
    CU_ASSERT(left_behind_equal(&read.left, &left.left));
}

static void terms_have_an_epoch_in_a_commit_only(void)
{
    scoped(trial_clear) struct trial t = trial_make();
    const struct handover_terms terms = {
        .generation = 1, .epoch = 9, .contents_root = {{2}}};
    struct handover_terms read;

    CU_ASSERT_FATAL(wire_write_terms(&t.json, &terms, false, &t.err));
    CU_ASSERT(wire_read_terms(&read, buf_span(&t.json), false, &t.err));
    CU_ASSERT_EQUAL(read.epoch, 0);
    CU_ASSERT_FALSE(wire_read_terms(&read, buf_span(&t.json), true, &t.err));
    CU_ASSERT_EQUAL(t.err.msg, E_WIRE_BAD);
    buf_reset(&t.json);
    t.err = (struct error){0};
    CU_ASSERT_FATAL(wire_write_terms(&t.json, &terms, true, &t.err));
    CU_ASSERT(wire_read_terms(&read, buf_span(&t.json), true, &t.err));
    CU_ASSERT_EQUAL(read.epoch, 9);
}

static void a_signed_text_is_told_exactly(void)
{
    scoped(trial_clear) struct trial t = trial_make();
    scoped(signed_text_clear) struct signed_text text = signed_text_none();
    scoped(signed_text_clear) struct signed_text read = signed_text_none();
    scoped(signed_text_clear) struct signed_text other = signed_text_none();

    CU_ASSERT_FATAL(buf_add(&text.body, span_of("{\0\xff", 3), &t.err) &&
                    buf_add_text(&text.signature, "sig", &t.err));
    CU_ASSERT_FATAL(wire_write_signed(&t.json, "receipt", &text, &t.err));
    CU_ASSERT_FATAL(wire_read_signed(&read, "receipt", buf_span(&t.json), &t.err));
    CU_ASSERT(span_equal(buf_span(&read.body), buf_span(&text.body)));
    CU_ASSERT(span_equal(buf_span(&read.signature), buf_span(&text.signature)));
    CU_ASSERT_FALSE(wire_read_signed(&other, "abort", buf_span(&t.json), &t.err));
    CU_ASSERT_FALSE(wire_read_signed(&other, NULL, buf_span(&t.json), &t.err));
}

static void a_signature_alone_is_told(void)
{
    scoped(trial_clear) struct trial t = trial_make();
    scoped(buf_clear) struct buf read = buf_upto(64);

    CU_ASSERT_FATAL(wire_write_signature(&t.json, span_text("sig"), &t.err));
    CU_ASSERT(span_equal(buf_span(&t.json), span_text("{\"signature\":\"c2ln\"}")));
    CU_ASSERT(wire_read_signature(&read, buf_span(&t.json), &t.err));
    CU_ASSERT(span_equal(buf_span(&read), span_text("sig")));
}

/* Every word of one JSON object that names a field, spoilt in turn: read() must refuse. */
static void each_field_is_needed(struct trial *t, bool (*read)(struct span body),
                                 size_t fields)
{
    size_t seen = 0;

    CU_ASSERT_FATAL(read(buf_span(&t->json)));
    for (size_t i = 0; i + 2 < t->json.n; i++) {
        const bool names = t->json.at[i] == '"' &&
                           (i == 0 || t->json.at[i - 1] == '{' || t->json.at[i - 1] == ',');

        if (!names)
            continue;
        t->json.at[i + 1] ^= 1;
        CU_ASSERT_FALSE(read(buf_span(&t->json)));
        t->json.at[i + 1] ^= 1;
        seen++;
    }
    CU_ASSERT_EQUAL(seen, fields);
}

static bool reads_status(struct span body)
{
    struct send_status read;
    struct error err = {0};

    return wire_read_status(&read, body, &err);
}

static bool reads_sum(struct span body)
{
    struct manifest_sum read;
    struct error err = {0};

    return wire_read_sum(&read, body, &err);
}

static bool reads_commit(struct span body)
{
    struct handover_terms read;
    struct error err = {0};

    return wire_read_terms(&read, body, true, &err);
}

static void no_field_may_be_missing(void)
{
    scoped(trial_clear) struct trial status = trial_make(), sum = trial_make(),
                                     terms = trial_make();
    const struct handover handover = {.state = TARGET_SEALED, .epoch = 3, .generation = 2};
    const struct receive_status received = {.pages = 4};

    CU_ASSERT_FATAL(wire_write_status(&status.json, &handover, &received, &status.err));
    each_field_is_needed(&status, reads_status, 10);
    CU_ASSERT_FATAL(
        wire_write_sum(&sum.json, &(struct manifest_sum){.kind = DIGEST_SHA256}, &sum.err));
    each_field_is_needed(&sum, reads_sum, 7);
    CU_ASSERT_FATAL(wire_write_terms(&terms.json, &(struct handover_terms){.generation = 1},
                                     true, &terms.err));
    each_field_is_needed(&terms, reads_commit, 4);
}

static void a_field_of_another_type_or_beyond_its_bounds_is_refused(void)
{
    static const char *const bodies[] = {
        "[]",
        "{",
        "{\"root\":1}",
        "null",
        "{\"generation\":-1,\"manifest_root\":\"\",\"contents_root\":\"\",\"epoch\":0}",
        "{\"generation\":1.5,\"manifest_root\":\"\",\"contents_root\":\"\",\"epoch\":0}",
    };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        CU_ASSERT_FALSE(reads_status(span_text(bodies[i])));
        CU_ASSERT_FALSE(reads_sum(span_text(bodies[i])));
        CU_ASSERT_FALSE(reads_commit(span_text(bodies[i])));
    }
}

static void an_outcome_is_a_receipt_or_an_abort(void)
{
    scoped(trial_clear) struct trial t = trial_make();
    scoped(signed_text_clear) struct signed_text told = signed_text_none(),
                                                 read = signed_text_none();
    enum signed_kind kind = SIGNED_RECEIPT;

    CU_ASSERT_FATAL(buf_add_text(&told.body, "body", &t.err) &&
                    buf_add_text(&told.signature, "signature", &t.err) &&
                    wire_write_signed(&t.json, "abort", &told, &t.err));
    CU_ASSERT(wire_read_outcome(&kind, &read, buf_span(&t.json), &t.err));
    CU_ASSERT_EQUAL(kind, SIGNED_ABORT);
    CU_ASSERT(span_equal(buf_span(&read.body), span_text("body")));
    CU_ASSERT_FALSE(wire_read_outcome(&kind, &read, span_text("{\"thaw\":{}}"), &t.err));
    CU_ASSERT_EQUAL(t.err.msg, E_WIRE_BAD);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_status_is_told_and_read),
        TEST(a_sum_is_told_and_read),
        TEST(terms_have_an_epoch_in_a_commit_only),
        TEST(a_signed_text_is_told_exactly),
        TEST(a_signature_alone_is_told),
        TEST(no_field_may_be_missing),
        TEST(a_field_of_another_type_or_beyond_its_bounds_is_refused),
        TEST(an_outcome_is_a_receipt_or_an_abort),
    };

    return run_tests("wire_json", tests, COUNT(tests));
}
