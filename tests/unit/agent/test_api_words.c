/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a command line, made from the values of a request. */
#include "agent/api_words.h"
#include "base/fs.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const fixed[] = {"renew", NULL};
static const struct api_param params[] = {
    {.name = "which", .in = API_BODY, .type = API_TEXT, .to = API_OPERAND},
    {.name = "policy",
     .in = API_BODY,
     .type = API_TEXT,
     .to = API_OPTION,
     .option = "--policy"},
    {.name = "san", .in = API_BODY, .type = API_LIST, .to = API_OPTION, .option = "--san"},
    {.name = "force",
     .in = API_BODY,
     .type = API_FLAG,
     .to = API_SWITCH,
     .option = "--force"},
    {.name = "crl",
     .in = API_BODY,
     .type = API_LINES,
     .to = API_FILE_OPTION,
     .option = "--crl"},
    {.name = "chain", .in = API_BODY, .type = API_FILES, .to = API_FILE_OPERAND},
    {.name = "password",
     .in = API_BODY,
     .type = API_TEXT,
     .to = API_FD_OPTION,
     .option = "--password-fd"},
    {.name = "note", .in = API_BODY, .type = API_TEXT, .to = API_NOWHERE},
    {0},
};
static const struct api_route route = {.words = fixed, .params = params};

static void make(struct api_words *out, const char *body)
{
    scoped(api_values_clear) struct api_values values = {0};
    const struct api_path none = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(api_values_read(&values, &route, &none, "", span_text(body), &err));
    CU_ASSERT_FATAL(api_words_make(out, &route, values.value, values.n, &err));
}

static void check_words(const char *body, const char *want)
{
    scoped(api_words_clear) struct api_words words = {0};
    char said[1024] = "";

    make(&words, body);
    for (size_t i = 0; i < words.n; i++)
        snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s ", words.word[i]);
    CU_ASSERT_STRING_EQUAL(said, want);
    CU_ASSERT_PTR_NULL(words.word[words.n]);
}

static void options_come_first_and_operands_behind_the_dashes(void)
{
    check_words("{}", "renew -- ");
    check_words("{\"which\":\"x\",\"policy\":\"ome\",\"san\":[\"a\",\"b\"],\"force\":true}",
                "renew --policy=ome --san=a --san=b --force -- x ");
    check_words("{\"force\":false,\"policy\":\"\",\"note\":\"n\"}", "renew --policy= -- ");
}

static void no_value_becomes_an_option(void)
{
    scoped(api_words_clear) struct api_words words = {0};
    struct error err = {0};
    struct args args = {0};
    const char *policy = NULL;

    make(&words, "{\"which\":\"--state=/tmp\",\"policy\":\"--force\"}");
    CU_ASSERT_FATAL(args_read(&args, (int)words.n, words.word, &err));
    CU_ASSERT_FALSE(args_flag(&args, "--force"));
    CU_ASSERT(args_value(&args, "--policy", &policy, &err));
    CU_ASSERT_STRING_EQUAL(policy, "--force");
    CU_ASSERT_STRING_EQUAL(args_operand(&args), "renew");
    CU_ASSERT_STRING_EQUAL(args_operand(&args), "--state=/tmp");
    CU_ASSERT(args_end(&args, &err));
}

static void check_file(const char *path, const char *want)
{
    scoped(buf_clear) struct buf got = buf_upto(64);
    struct error err = {0};

    CU_ASSERT_FATAL(fs_read_secret(&got, AT_FDCWD, path, &err));
    CU_ASSERT(span_equal(buf_span(&got), span_text(want)));
}

static void a_file_is_read_at_the_path_that_is_the_word(void)
{
    scoped(api_words_clear) struct api_words words = {0};

    make(&words, "{\"crl\":\"one\",\"chain\":[\"two\",\"\"]}");
    CU_ASSERT_EQUAL_FATAL(words.n, 5);
    CU_ASSERT(text_starts(words.word[1], "--crl=/"));
    check_file(words.word[1] + strlen("--crl="), "one");
    check_file(words.word[3], "two");
    check_file(words.word[4], "");
}

static void a_secret_is_read_from_a_descriptor(void)
{
    scoped(api_words_clear) struct api_words words = {0};
    char got[16] = "", *end = NULL;
    long fd;

    make(&words, "{\"password\":\"swordfish\"}");
    CU_ASSERT(text_starts(words.word[1], "--password-fd="));
    fd = strtol(words.word[1] + strlen("--password-fd="), &end, 10);
    CU_ASSERT_EQUAL(*end, '\0');
    CU_ASSERT_EQUAL(read((int)fd, got, sizeof(got) - 1), (ssize_t)strlen("swordfish"));
    CU_ASSERT_STRING_EQUAL(got, "swordfish");
}

int main(void)
{
    const struct test tests[] = {
        TEST(options_come_first_and_operands_behind_the_dashes),
        TEST(no_value_becomes_an_option),
        TEST(a_file_is_read_at_the_path_that_is_the_word),
        TEST(a_secret_is_read_from_a_descriptor),
    };

    return run_tests("api_words", tests, COUNT(tests));
}
