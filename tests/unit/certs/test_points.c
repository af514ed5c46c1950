/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/der.h"
#include "certs/points.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

/* The value as ASCII after folding, characters beyond it as '?'. */
static void fold(char *out, unsigned tag, struct span value)
{
    struct folded folded = points_folded(tag, value);
    unsigned code = 0, raw = 0;

    while (folded_next(&code, &raw, &folded))
        *out++ = code < 0x80 ? (char)code : '?';
    *out = '\0';
}

static void white_space_and_case_do_not_count(void)
{
    char out[64];

    fold(out, TAG_UTF8, span_text("  Some \t NAME\n"));
    CU_ASSERT_STRING_EQUAL(out, "some name");
    fold(out, TAG_UTF8, span_text(" \t "));
    CU_ASSERT_STRING_EQUAL(out, "");
}

static void every_string_type_gives_the_same_characters(void)
{
    char out[64];

    fold(out, TAG_PRINTABLE, span_text("Ab"));
    CU_ASSERT_STRING_EQUAL(out, "ab");
    fold(out, TAG_BMP, span_of("\0A\0b", 4));
    CU_ASSERT_STRING_EQUAL(out, "ab");
    fold(out, TAG_UNIVERSAL, span_of("\0\0\0A\0\0\0b", 8));
    CU_ASSERT_STRING_EQUAL(out, "ab");
}

static unsigned first(unsigned tag, struct span value)
{
    struct points points = {tag, value};
    unsigned code = 0;

    CU_ASSERT_TRUE(points_next(&code, &points));
    return code;
}

static void a_character_is_one_code_point(void)
{
    CU_ASSERT_EQUAL(first(TAG_UTF8, span_text("\xC3\xA9")), 0xE9);
    CU_ASSERT_EQUAL(first(TAG_UTF8, span_text("\xF0\x9F\x98\x80")), 0x1F600);
    CU_ASSERT_EQUAL(first(TAG_T61, span_text("\xE9")), 0xE9);
    CU_ASSERT_EQUAL(first(TAG_BMP, span_of("\x04\x10", 2)), 0x410);
}

static void what_is_no_character_equals_none(void)
{
    CU_ASSERT_EQUAL(first(TAG_UTF8, span_text("\xC3")), POINT_INVALID + 0xC3);
    CU_ASSERT_EQUAL(first(TAG_UTF8, span_text("\xC0\x80")), POINT_INVALID + 0xC0);
    CU_ASSERT_EQUAL(first(TAG_UTF8, span_text("\xF5\x80\x80\x80")), POINT_INVALID + 0xF5);
    CU_ASSERT_EQUAL(first(TAG_BMP, span_of("\x41", 1)), POINT_INVALID + 0x41);
    CU_ASSERT_EQUAL(first(TAG_UNIVERSAL, span_of("\xFF\xFF\xFF\x41", 4)),
                    POINT_INVALID + 0x41);
}

static void only_strings_are_text(void)
{
    CU_ASSERT_TRUE(points_known(TAG_PRINTABLE));
    CU_ASSERT_TRUE(points_known(TAG_BMP));
    CU_ASSERT_FALSE(points_known(TAG_OCTET_STRING));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(white_space_and_case_do_not_count),
        TEST(every_string_type_gives_the_same_characters),
        TEST(a_character_is_one_code_point),
        TEST(what_is_no_character_equals_none),
        TEST(only_strings_are_text),
    };

    return run_tests("points", tests, COUNT(tests));
}
