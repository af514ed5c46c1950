/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/offer.h"

#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* Segment 0 of a tree of three files of 3, 5 and 4 bytes. */
static void sheet_of(struct carry *c, struct offer_sheet *sheet)
{
    struct error err = {0};

    carry_make(c, "printf one >a; printf three >b; printf four >c");
    carry_list(c);
    CU_ASSERT_FATAL(segment_read(&c->segment, &c->manifest, c->from, 0, &err));
    CU_ASSERT_FATAL(offer_write(sheet, &c->segment, &c->manifest, &err));
}

static void what_is_written_is_read(void)
{
    scoped(carry_clear) struct carry c;
    scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
    struct digest digest, seen;
    struct offer offer;
    struct error err = {0};
    uint32_t at = 0;

    sheet_of(&c, &sheet);
    CU_ASSERT_FATAL(offer_read(&offer, buf_span(&sheet.body), &err));
    CU_ASSERT(digest_equal(&offer.segment, &c.segment.digest));
    CU_ASSERT_EQUAL_FATAL(offer.pieces, 3);
    digest_of(&seen, c.kind, span_text("three"));
    offer_digest(&offer, 1, &digest);
    CU_ASSERT(digest_equal(&digest, &seen));
    CU_ASSERT_FALSE(offer_gives(&offer, 0, &at));
    CU_ASSERT_EQUAL(offer.bytes.n, 0);
}

static void what_is_wanted_is_given(void)
{
    scoped(carry_clear) struct carry c;
    scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
    struct range range = {.first = 0, .last = 0};
    const struct ranges wanted = {.item = &range, .n = 1};
    struct offer offer;
    struct error err = {0};
    bool fits = false;
    uint32_t at = 0;

    sheet_of(&c, &sheet);
    CU_ASSERT_FATAL(offer_give(&sheet, &c.segment, &wanted, &fits, &err));
    CU_ASSERT(fits);
    CU_ASSERT_FATAL(offer_read(&offer, buf_span(&sheet.body), &err));
    CU_ASSERT(span_equal(offer.bytes, span_text("one")));
    CU_ASSERT(offer_gives(&offer, 0, &at));
    CU_ASSERT_FALSE(offer_gives(&offer, 1, &at));
    CU_ASSERT_FALSE(offer_gives(&offer, 2, &at));
}

static void a_wish_beyond_the_pieces_is_not_given(void)
{
    scoped(carry_clear) struct carry c;
    scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
    struct range range = {.first = 2, .last = 3};
    const struct ranges wanted = {.item = &range, .n = 1};
    struct error err = {0};
    bool fits = true;

    sheet_of(&c, &sheet);
    CU_ASSERT(offer_give(&sheet, &c.segment, &wanted, &fits, &err));
    CU_ASSERT_FALSE(fits);
}

static void every_truncation_is_refused(void)
{
    scoped(carry_clear) struct carry c;
    scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
    struct offer offer;

    sheet_of(&c, &sheet);
    while (sheet.body.n-- > 0) {
        struct error err = {0};

        CU_ASSERT_FALSE(offer_read(&offer, buf_span(&sheet.body), &err));
        CU_ASSERT_EQUAL(err.msg, E_OFFER_BAD);
    }
    sheet.body.n = 0;
}

static void ranges_out_of_order_are_refused(void)
{
    static const unsigned char rows[][8] = {{0, 0, 0, 1, 0, 0, 0, 0},
                                            {0, 0, 0, 0, 0, 0, 0, 3},
                                            {255, 255, 255, 255, 0, 0, 0, 0}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        scoped(carry_clear) struct carry c;
        scoped(offer_sheet_clear) struct offer_sheet sheet = {0};
        struct offer offer;
        struct error err = {0};

        sheet_of(&c, &sheet);
        sheet.body.n -= 4;
        CU_ASSERT_FATAL(buf_add_u32(&sheet.body, 1, &err) &&
                        buf_add(&sheet.body, span_of(rows[i], 8), &err));
        CU_ASSERT_FALSE(offer_read(&offer, buf_span(&sheet.body), &err));
        CU_ASSERT_EQUAL(err.msg, E_OFFER_BAD);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_written_is_read),
        TEST(what_is_wanted_is_given),
        TEST(a_wish_beyond_the_pieces_is_not_given),
        TEST(every_truncation_is_refused),
        TEST(ranges_out_of_order_are_refused),
    };

    return run_tests("offer", tests, COUNT(tests));
}
