/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/args.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define WORDS(...)                                                                         \
    {                                                                                      \
        .word = {__VA_ARGS__},                                                             \
        .n = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)                  \
    }

static void values_come_after_a_blank_or_an_equals_sign(void)
{
    struct args args = WORDS("--cert", "a", "--key=b", "--empty=");
    const char *cert = NULL, *key = NULL, *empty = NULL, *other = "as it was";
    struct error err = {0};

    CU_ASSERT(args_value(&args, "--cert", &cert, &err));
    CU_ASSERT(args_value(&args, "--key", &key, &err));
    CU_ASSERT(args_value(&args, "--empty", &empty, &err));
    CU_ASSERT(args_value(&args, "--other", &other, &err));
    CU_ASSERT_STRING_EQUAL(cert, "a");
    CU_ASSERT_STRING_EQUAL(key, "b");
    CU_ASSERT_STRING_EQUAL(empty, "");
    CU_ASSERT_STRING_EQUAL(other, "as it was");
    CU_ASSERT(args_end(&args, &err));
}

static void a_value_given_twice_or_not_at_all_is_wrong(void)
{
    struct args twice = WORDS("--a", "1", "--a", "2"), none = WORDS("--a"),
                dashes = WORDS("--a", "--", "x");
    const char *value = NULL;
    struct error err[3] = {{0}, {0}, {0}};

    CU_ASSERT_FALSE(args_value(&twice, "--a", &value, &err[0]));
    CU_ASSERT_FALSE(args_value(&none, "--a", &value, &err[1]));
    CU_ASSERT_FALSE(args_value(&dashes, "--a", &value, &err[2]));
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(err[i].msg, E_USAGE);
}

static void a_repeated_option_keeps_its_order(void)
{
    struct args args = WORDS("--san", "a", "file", "--san=b", "--san", "c");
    const char *value = NULL;
    struct error err = {0};

    CU_ASSERT(args_next_value(&args, "--san", &value, &err));
    CU_ASSERT_STRING_EQUAL(value, "a");
    CU_ASSERT(args_next_value(&args, "--san", &value, &err));
    CU_ASSERT_STRING_EQUAL(value, "b");
    CU_ASSERT(args_next_value(&args, "--san", &value, &err));
    CU_ASSERT_STRING_EQUAL(value, "c");
    CU_ASSERT_FALSE(args_next_value(&args, "--san", &value, &err));
    CU_ASSERT_EQUAL(err.msg, E_NONE);
}

static void a_longer_name_is_another_option(void)
{
    struct args args = WORDS("--cn-more", "x", "--c");
    const char *value = NULL;
    struct error err = {0};

    CU_ASSERT(args_value(&args, "--cn", &value, &err));
    CU_ASSERT_PTR_NULL(value);
    CU_ASSERT(args_flag(&args, "--c"));
    CU_ASSERT_FALSE(args_flag(&args, "--c"));
    CU_ASSERT_FALSE(args_end(&args, &err));
    CU_ASSERT_EQUAL(err.msg, E_USAGE);
}

static void two_dashes_end_the_options(void)
{
    struct args args = WORDS("--json", "--", "--json", "-x");
    struct error err = {0};

    CU_ASSERT(args_flag(&args, "--json"));
    CU_ASSERT_STRING_EQUAL(args_operand(&args), "--json");
    CU_ASSERT_STRING_EQUAL(args_operand(&args), "-x");
    CU_ASSERT_PTR_NULL(args_operand(&args));
    CU_ASSERT(args_end(&args, &err));
}

static void a_single_dash_is_an_operand(void)
{
    struct args args = WORDS("-");
    const char *file = NULL;
    struct error err = {0};

    CU_ASSERT(args_need(&args, "FILE", &file, &err));
    CU_ASSERT_STRING_EQUAL(file, "-");
}

static void a_missing_operand_is_named(void)
{
    struct args args = {0};
    const char *file = NULL;
    struct error err = {0};

    CU_ASSERT_FALSE(args_need(&args, "FILE", &file, &err));
    CU_ASSERT_EQUAL(err.msg, E_USAGE);
    CU_ASSERT_STRING_EQUAL(err.about, "FILE is missing");
}

static void one_word_too_many_is_wrong(void)
{
    struct args word = WORDS("a"), option = WORDS("-v");
    struct error err[2] = {{0}, {0}};

    CU_ASSERT_FALSE(args_end(&word, &err[0]));
    CU_ASSERT_STRING_EQUAL(err[0].about, "one word too many: a");
    CU_ASSERT_FALSE(args_end(&option, &err[1]));
    CU_ASSERT_STRING_EQUAL(err[1].about, "unknown option -v");
}

static void too_many_words_are_refused(void)
{
    static char *words[ARGS_MAX + 1];
    struct args args = {0};
    struct error err = {0};

    CU_ASSERT_FALSE(args_read(&args, ARGS_MAX + 1, words, &err));
    CU_ASSERT_EQUAL(err.msg, E_USAGE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(values_come_after_a_blank_or_an_equals_sign),
        TEST(a_value_given_twice_or_not_at_all_is_wrong),
        TEST(a_repeated_option_keeps_its_order),
        TEST(a_longer_name_is_another_option),
        TEST(two_dashes_end_the_options),
        TEST(a_single_dash_is_an_operand),
        TEST(a_missing_operand_is_named),
        TEST(one_word_too_many_is_wrong),
        TEST(too_many_words_are_refused),
    };

    return run_tests("args", tests, COUNT(tests));
}
