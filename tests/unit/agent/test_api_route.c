/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_route.h"
#include "agent/command.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define EACH_ROW(row)                                                                      \
    for (size_t t = 0; api_tables[t] != NULL; t++)                                         \
        for (const struct api_route *row = api_tables[t]; row->method != NULL; row++)

static const char *path_of(const char *method, const char *path, struct api_path *words)
{
    const struct api_route *row = api_route_find(words, method, path, NULL, 0);

    return row != NULL ? row->path : "none";
}

static void a_path_finds_its_row_and_its_words(void)
{
    struct api_path words = {0};

    CU_ASSERT_STRING_EQUAL(path_of("GET", "/healthz", &words), "/healthz");
    CU_ASSERT_STRING_EQUAL(path_of("GET", API_V1 "/requests/r%2D1", &words),
                           API_V1 "/requests/{id}");
    CU_ASSERT_EQUAL(words.n, 1);
    CU_ASSERT_STRING_EQUAL(words.word[0].name, "id");
    CU_ASSERT_STRING_EQUAL(words.word[0].text, "r-1");
}

static void what_is_no_path_finds_none(void)
{
    static const char *const paths[] = {
        "",
        "/",
        "/healthz/",
        "/healthz2",
        "/HEALTHZ",
        API_V1 "/requests/",
        API_V1 "/requests/a/b",
        API_V1 "/requests/a%2Fb",
        API_V1 "/requests/a%00",
        API_V1 "/requests/%",
        API_V1 "/requests/%4",
        API_V1 "/requests/%g0",
        API_V1 "/requests/%ff",
    };
    struct api_path words;

    for (size_t i = 0; i < COUNT(paths); i++)
        CU_ASSERT_STRING_EQUAL(path_of("GET", paths[i], &words), "none");
}

static void a_word_that_is_too_long_is_none(void)
{
    char path[2000] = API_V1 "/requests/";
    struct api_path words;

    memset(path + strlen(path), 'a', 300);
    CU_ASSERT_STRING_EQUAL(path_of("GET", path, &words), "none");
}

static void another_method_is_told_those_there_are(void)
{
    struct api_path words;
    char allow[64];

    CU_ASSERT_PTR_NULL(api_route_find(&words, "PUT", API_V1 "/requests/a", allow, 64));
    CU_ASSERT_STRING_EQUAL(allow, "GET, DELETE");
    CU_ASSERT_PTR_NULL(api_route_find(&words, "PUT", "/none", allow, 64));
    CU_ASSERT_STRING_EQUAL(allow, "");
}

/* The option stands in the command's help, as a word of its own. */
static bool help_has(const struct command *command, const char *option)
{
    const size_t n = strlen(option);

    for (const char *at = strstr(command->operands, option); at != NULL;
         at = strstr(at + 1, option))
        if (strchr(" ]|…,", at[n]) != NULL || at[n] == '\0' || (at[n] & 0x80) != 0)
            return true;
    return false;
}

static void every_row_runs_a_command_with_options_it_has(void)
{
    EACH_ROW(row)
    {
        const struct command *command;

        CU_ASSERT((row->command != NULL) || (row->answer != NULL));
        if (row->command == NULL)
            continue;
        command = command_find(row->command);
        CU_ASSERT_PTR_NOT_NULL_FATAL(command);
        for (const struct api_param *p = row->params; p != NULL && p->name != NULL; p++) {
            if (p->option == NULL || help_has(command, p->option))
                continue;
            printf("%s has no %s\n", row->command, p->option);
            CU_FAIL("an option that the command does not have");
        }
    }
}

static bool pattern_has(const char *pattern, const char *name)
{
    char word[64];

    snprintf(word, sizeof(word), "{%s}", name);
    return strstr(pattern, word) != NULL;
}

static void every_row_says_what_it_is(void)
{
    EACH_ROW(row)
    {
        size_t n = 0;

        CU_ASSERT_PTR_NOT_NULL(row->summary);
        CU_ASSERT_PTR_NOT_NULL(row->tag);
        for (const struct api_param *p = row->params; p != NULL && p->name != NULL; p++) {
            n++;
            CU_ASSERT_PTR_NOT_NULL(p->summary);
            CU_ASSERT((p->in == API_PATH) == pattern_has(row->path, p->name));
            CU_ASSERT_EQUAL(p->option != NULL, p->to == API_OPTION || p->to == API_SWITCH ||
                                                   p->to == API_FILE_OPTION ||
                                                   p->to == API_FD_OPTION);
        }
        CU_ASSERT(n <= API_PARAMS_MAX);
    }
}

/* What no administrator must do is never open to others, and a change is never a look. */
static void only_looking_is_for_observers(void)
{
    EACH_ROW(row)
    {
        if (!text_equal(row->method, "GET") && row->dialect == API_OURS)
            CU_ASSERT(row->role == API_ADMINISTRATOR || row->refused == 200);
    }
}

static void escapes_are_undone(void)
{
    static const struct {
        const char *in, *out;
        bool plus, good;
    } cases[] = {
        {"a%20b", "a b", false, true},
        {"a+b", "a+b", false, true},
        {"a+b", "a b", true, true},
        {"%C3%A9", "\xc3\xa9", false, true},
        {"%c3", "", false, false},
        {"%", "", false, false},
        {"%2", "", false, false},
        {"a%00b", "", false, false},
        {"0123456789abcdef", "", false, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[16];

        CU_ASSERT_EQUAL(
            api_unescape(out, sizeof(out), span_text(cases[i].in), cases[i].plus),
            cases[i].good);
        if (cases[i].good)
            CU_ASSERT_STRING_EQUAL(out, cases[i].out);
    }
}

static void a_failure_has_its_status(void)
{
    CU_ASSERT_EQUAL(api_status_of(E_API_LOGIN), 401);
    CU_ASSERT_EQUAL(api_status_of(E_MIGRATION_UNKNOWN), 404);
    CU_ASSERT_EQUAL(api_status_of(E_STATE_BUSY), 409);
    CU_ASSERT_EQUAL(api_status_of(E_USAGE), 400);
    CU_ASSERT_EQUAL(api_status_of(E_DIAL), 409);
    CU_ASSERT_EQUAL(api_status_of(E_DB), 503);
    for (int msg = E_NONE + 1; msg < MSG_COUNT; msg++) {
        const int status = api_status_of((enum msg)msg);

        CU_ASSERT((status >= 400 && status < 500) || status == 503);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_path_finds_its_row_and_its_words),
        TEST(what_is_no_path_finds_none),
        TEST(a_word_that_is_too_long_is_none),
        TEST(another_method_is_told_those_there_are),
        TEST(every_row_runs_a_command_with_options_it_has),
        TEST(every_row_says_what_it_is),
        TEST(only_looking_is_for_observers),
        TEST(escapes_are_undone),
        TEST(a_failure_has_its_status),
    };

    return run_tests("api_route", tests, COUNT(tests));
}
