/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/der.h"
#include "certs/name.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define BYTES(text) span_of(text, sizeof(text) - 1)
/* O=<one letter>, CN=<one letter>, of these string types */
#define O(tag, c) "\x31\x0a\x30\x08\x06\x03\x55\x04\x0a" tag "\x01" c
#define CN(tag, c) "\x31\x0a\x30\x08\x06\x03\x55\x04\x03" tag "\x01" c
#define NAME2(first, second) BYTES("\x30\x18" first second)
#define UTF8 "\x0c"
#define PRINTABLE "\x13"

static void names_are_shown_last_rdn_first(void)
{
    scoped(chain_clear) struct chain chain = {0};
    char text[CERT_TEXT_MAX];

    case_chain(&chain, "good");
    name_text(text, sizeof(text), chain_leaf(&chain)->issuer);
    CU_ASSERT_STRING_EQUAL(text, "CN=CA1-Inter, O=Example");
    name_text(text, 12, chain_leaf(&chain)->issuer);
    CU_ASSERT_TRUE(text_ends(text, "..."));
}

static void string_type_and_case_do_not_matter(void)
{
    CU_ASSERT_TRUE(name_is_equal(NAME2(O(UTF8, "x"), CN(UTF8, "y")),
                                 NAME2(O(PRINTABLE, "X"), CN(UTF8, "Y"))));
    CU_ASSERT_FALSE(name_is_equal(NAME2(O(UTF8, "x"), CN(UTF8, "y")),
                                  NAME2(O(UTF8, "x"), CN(UTF8, "z"))));
}

static void the_order_of_rdns_matters(void)
{
    CU_ASSERT_FALSE(name_is_equal(NAME2(O(UTF8, "x"), CN(UTF8, "x")),
                                  NAME2(CN(UTF8, "x"), O(UTF8, "x"))));
}

static void the_order_within_an_rdn_does_not(void)
{
    struct span one = BYTES("\x30\x16\x31\x14\x30\x08\x06\x03\x55\x04\x0a\x0c\x01x"
                            "\x30\x08\x06\x03\x55\x04\x03\x0c\x01y");
    struct span other = BYTES("\x30\x16\x31\x14\x30\x08\x06\x03\x55\x04\x03\x0c\x01Y"
                              "\x30\x08\x06\x03\x55\x04\x0a\x0c\x01X");
    char text[CERT_TEXT_MAX];

    CU_ASSERT_TRUE(name_is_equal(one, other));
    name_text(text, sizeof(text), one);
    CU_ASSERT_STRING_EQUAL(text, "CN=y+O=x");
}

static void a_name_lies_beneath_its_first_rdns(void)
{
    struct span whole = NAME2(O(UTF8, "x"), CN(UTF8, "y"));

    CU_ASSERT_TRUE(name_is_beneath(whole, BYTES("\x30\x00")));
    CU_ASSERT_TRUE(name_is_beneath(whole, BYTES("\x30\x0c" O(PRINTABLE, "X"))));
    CU_ASSERT_TRUE(name_is_beneath(whole, whole));
    CU_ASSERT_FALSE(name_is_beneath(whole, BYTES("\x30\x0c" CN(UTF8, "y"))));
    CU_ASSERT_FALSE(name_is_beneath(BYTES("\x30\x0c" O(UTF8, "x")), whole));
}

static void a_malformed_name_is_refused(void)
{
    CU_ASSERT_TRUE(name_is_well_formed(BYTES("\x30\x00")));
    CU_ASSERT_TRUE(name_is_well_formed(NAME2(O(UTF8, "x"), CN(UTF8, "y"))));
    CU_ASSERT_FALSE(name_is_well_formed(BYTES("\x30\x02\x31\x00")));
    CU_ASSERT_FALSE(name_is_well_formed(BYTES("\x30\x02\x30\x00")));
    CU_ASSERT_FALSE(name_is_well_formed(BYTES("\x31\x00")));
    CU_ASSERT_FALSE(name_is_well_formed(BYTES("\x30\x00\x00")));
    CU_ASSERT_FALSE(name_is_well_formed(
        BYTES("\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x01y\x05\x00")));
}

static void an_attribute_without_a_short_name_shows_its_oid(void)
{
    char text[CERT_TEXT_MAX];

    name_text(text, sizeof(text),
              BYTES("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x7f\x0c"
                    "\x01y"));
    CU_ASSERT_STRING_EQUAL(text, "2.5.4.127=y");
}

int main(void)
{
    static const struct test tests[] = {
        TEST(names_are_shown_last_rdn_first),
        TEST(string_type_and_case_do_not_matter),
        TEST(the_order_of_rdns_matters),
        TEST(the_order_within_an_rdn_does_not),
        TEST(a_name_lies_beneath_its_first_rdns),
        TEST(a_malformed_name_is_refused),
        TEST(an_attribute_without_a_short_name_shows_its_oid),
    };

    return run_tests("name", tests, COUNT(tests));
}
