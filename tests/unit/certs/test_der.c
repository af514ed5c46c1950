/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/der.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <limits.h>

#define BYTES(text) span_of(text, sizeof(text) - 1)

static bool takes(struct span in)
{
    struct der der = {0};

    return der_take(&der, &in);
}

static void an_element_is_taken_with_its_contents(void)
{
    struct span in = BYTES("\x04\x02hi\x05\x00");
    struct der der = {0};

    CU_ASSERT_TRUE(der_take(&der, &in));
    CU_ASSERT_EQUAL(der.tag, TAG_OCTET_STRING);
    CU_ASSERT_TRUE(span_equal(der.contents, span_text("hi")));
    CU_ASSERT_EQUAL(der.whole.n, 4);
    CU_ASSERT_EQUAL(in.n, 2);
}

static void only_the_shortest_length_is_accepted(void)
{
    static unsigned char long_form[131] = {0x04, 0x81, 0x80};

    CU_ASSERT_TRUE(takes(span_of(long_form, sizeof(long_form))));
    CU_ASSERT_FALSE(takes(BYTES("\x04\x81\x02hi")));
    CU_ASSERT_FALSE(takes(BYTES("\x04\x82\x00\x02hi")));
    CU_ASSERT_FALSE(takes(BYTES("\x30\x80\x00\x00")));
    CU_ASSERT_FALSE(takes(BYTES("\x04\x85\x01\x00\x00\x00\x00")));
}

static void nothing_is_read_beyond_the_end(void)
{
    CU_ASSERT_FALSE(takes(BYTES("")));
    CU_ASSERT_FALSE(takes(BYTES("\x04")));
    CU_ASSERT_FALSE(takes(BYTES("\x04\x03hi")));
    CU_ASSERT_FALSE(takes(BYTES("\x04\x82\xff")));
    CU_ASSERT_FALSE(takes(BYTES("\x1f\x81\x01\x00")));
}

static void der_only_leaves_no_rest(void)
{
    struct span contents = {0};

    CU_ASSERT_TRUE(der_only(&contents, BYTES("\x05\x00"), TAG_NULL));
    CU_ASSERT_FALSE(der_only(&contents, BYTES("\x05\x00\x00"), TAG_NULL));
    CU_ASSERT_FALSE(der_only(&contents, BYTES("\x04\x00"), TAG_NULL));
}

static void an_integer_is_in_its_shortest_form(void)
{
    CU_ASSERT_TRUE(der_is_integer(BYTES("\x00")));
    CU_ASSERT_TRUE(der_is_integer(BYTES("\x00\x80")));
    CU_ASSERT_TRUE(der_is_integer(BYTES("\xff\x7f")));
    CU_ASSERT_FALSE(der_is_integer(BYTES("")));
    CU_ASSERT_FALSE(der_is_integer(BYTES("\x00\x7f")));
    CU_ASSERT_FALSE(der_is_integer(BYTES("\xff\x80")));
}

static void small_numbers_saturate_and_negatives_fail(void)
{
    unsigned value = 0;

    CU_ASSERT_TRUE(der_small(&value, BYTES("\x01\x00")));
    CU_ASSERT_EQUAL(value, 256);
    CU_ASSERT_TRUE(der_small(&value, BYTES("\x01\x00\x00\x00\x00\x00")));
    CU_ASSERT_EQUAL(value, UINT_MAX);
    CU_ASSERT_FALSE(der_small(&value, BYTES("\xff")));
}

static void a_positive_number_loses_its_leading_zero(void)
{
    struct span number = {0};

    CU_ASSERT_TRUE(der_positive(&number, BYTES("\x00\x80")));
    CU_ASSERT_EQUAL(number.n, 1);
    CU_ASSERT_FALSE(der_positive(&number, BYTES("\x80")));
    CU_ASSERT_FALSE(der_positive(&number, BYTES("\x00")));
}

static void true_is_ff_and_nothing_else(void)
{
    bool value = false;

    CU_ASSERT_TRUE(der_boolean(&value, BYTES("\xff")));
    CU_ASSERT_TRUE(value);
    CU_ASSERT_TRUE(der_boolean(&value, BYTES("\x00")));
    CU_ASSERT_FALSE(value);
    CU_ASSERT_FALSE(der_boolean(&value, BYTES("\x01")));
    CU_ASSERT_FALSE(der_boolean(&value, BYTES("\xff\xff")));
}

static void unused_bits_are_zero(void)
{
    struct span bytes = {0};
    unsigned unused = 0;

    CU_ASSERT_TRUE(der_bits(&bytes, &unused, BYTES("\x05\xa0")));
    CU_ASSERT_EQUAL(unused, 5);
    CU_ASSERT_TRUE(der_bits(&bytes, &unused, BYTES("\x00")));
    CU_ASSERT_FALSE(der_bits(&bytes, &unused, BYTES("\x05\xa1")));
    CU_ASSERT_FALSE(der_bits(&bytes, &unused, BYTES("\x08\x00")));
    CU_ASSERT_FALSE(der_bits(&bytes, &unused, BYTES("\x01")));
    CU_ASSERT_FALSE(der_bits(&bytes, &unused, BYTES("")));
    CU_ASSERT_FALSE(der_bytes(&bytes, BYTES("\x05\xa0")));
}

static void assert_oid(const char *want, struct span contents)
{
    char text[DER_OID_TEXT_MAX];

    der_oid_text(text, contents);
    CU_ASSERT_STRING_EQUAL(text, want);
}

static void an_oid_is_shown_with_dots(void)
{
    assert_oid("2.5.29.19", BYTES("\x55\x1d\x13"));
    assert_oid("1.2.840.113549.1.1.11", BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"));
    assert_oid("2.999", BYTES("\x88\x37"));
    assert_oid("malformed OID", BYTES("\x55\x80\x01"));
    assert_oid("malformed OID", BYTES("\x55\x9d"));
    assert_oid("malformed OID", BYTES(""));
}

static void a_long_oid_is_cut(void)
{
    static const char many[] =
        "\x55\x8f\xff\xff\xff\xff\xff\x7f\x8f\xff\xff\xff\xff\xff\x7f\x8f\xff\xff\xff\xff"
        "\xff\x7f\x8f\xff\xff\xff\xff\xff\x7f\x8f\xff\xff\xff\xff\xff\x7f";
    char text[DER_OID_TEXT_MAX];

    der_oid_text(text, BYTES(many));
    CU_ASSERT_TRUE(text_ends(text, "..."));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(an_element_is_taken_with_its_contents),
        TEST(only_the_shortest_length_is_accepted),
        TEST(nothing_is_read_beyond_the_end),
        TEST(der_only_leaves_no_rest),
        TEST(an_integer_is_in_its_shortest_form),
        TEST(small_numbers_saturate_and_negatives_fail),
        TEST(a_positive_number_loses_its_leading_zero),
        TEST(true_is_ff_and_nothing_else),
        TEST(unused_bits_are_zero),
        TEST(an_oid_is_shown_with_dots),
        TEST(a_long_oid_is_cut),
    };

    return run_tests("der", tests, COUNT(tests));
}
