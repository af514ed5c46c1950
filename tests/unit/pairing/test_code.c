/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/authorize.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void a_code_survives_being_shown_and_typed(void)
{
    for (unsigned i = 0; i < 200; i++) {
        struct code made = {0}, read = {0};
        struct error err = {0};
        char text[CODE_TEXT_MAX];

        CU_ASSERT_FATAL(code_make(&made, &err));
        code_show(text, &made);
        CU_ASSERT_EQUAL(strlen(text), 6 + 3 * 5);
        CU_ASSERT_FATAL(code_read(&read, text, &err));
        CU_ASSERT_EQUAL(read.selector, made.selector);
        CU_ASSERT_STRING_EQUAL(read.secret, made.secret);
        CU_ASSERT(made.selector < 1U << 30);
    }
}

static void case_blanks_and_lookalikes_do_not_matter(void)
{
    static const char *const ways[] = {
        "01ABCD-2345-6789-AB10",         "01abcd-2345-6789-ab10",
        "OIABCD 2345 6789 ABLO",         "01ABCD23456789AB10",
        " 0-1-A-B-C-D 23456789ab1o\r\n", "oiabcd\t2345\n6789abi0  ",
    };

    for (size_t i = 0; i < COUNT(ways); i++) {
        struct code code = {0};
        struct error err = {0};

        CU_ASSERT(code_read(&code, ways[i], &err));
        CU_ASSERT_EQUAL(code.selector,
                        (10U << 15) + (11U << 10) + (12U << 5) + 13 + (1U << 20));
        CU_ASSERT_STRING_EQUAL(code.secret, "23456789AB10");
    }
}

static void what_is_no_code_is_refused_and_forgotten(void)
{
    static const char *const bad[] = {
        "",
        "01ABCD",
        "01ABCD-2345-6789-AB1",
        "01ABCD-2345-6789-AB100",
        "01ABCD-2345-6789-AB1U",
        "01ABCD-2345-6789-AB1!",
        "01ABCD-2345-6789-AB1\xc3\xa9",
        "01ABCD_2345_6789_AB10",
    };
    static const struct code none;

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct code code = {0};
        struct error err = {0};

        CU_ASSERT_FALSE(code_read(&code, bad[i], &err));
        CU_ASSERT_EQUAL(err.msg, E_CODE_FORM);
        CU_ASSERT_EQUAL(memcmp(&code, &none, sizeof(code)), 0);
        /* What was typed is not repeated to a log. */
        CU_ASSERT_PTR_NULL(strstr(err.about, "2345"));
    }
}

static void two_codes_differ(void)
{
    struct code one = {0}, two = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(code_make(&one, &err) && code_make(&two, &err));
    CU_ASSERT(strcmp(one.secret, two.secret) != 0);
    CU_ASSERT_EQUAL(strlen(one.secret), 12);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_code_survives_being_shown_and_typed),
        TEST(case_blanks_and_lookalikes_do_not_matter),
        TEST(what_is_no_code_is_refused_and_forgotten),
        TEST(two_codes_differ),
    };

    return run_tests("code", tests, COUNT(tests));
}
