/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/narrow.h"
#include "base/scope.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TEXT_MAX 1024

static bool line_is(const char *line, size_t hang, unsigned columns, const char *wanted)
{
    char at[TEXT_MAX] = "";
    FILE *out = fmemopen(at, sizeof(at), "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    narrow_line(out, line, hang, columns);
    fclose(out);
    return text_equal(at, wanted);
}

static bool text_is(const char *text, unsigned columns, const char *wanted)
{
    char at[TEXT_MAX] = "";
    FILE *out = fmemopen(at, sizeof(at), "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    narrow_text(out, text, columns);
    fclose(out);
    return text_equal(at, wanted);
}

static void a_line_that_fits_stays(void)
{
    CU_ASSERT(line_is("", 0, 10, "\n"));
    CU_ASSERT(line_is("0123 56789", 0, 10, "0123 56789\n"));
}

static void a_longer_one_is_folded_at_blanks(void)
{
    CU_ASSERT(line_is("0123 567890", 0, 10, "0123\n567890\n"));
    CU_ASSERT(line_is("one two three four", 0, 7, "one two\nthree\nfour\n"));
    CU_ASSERT(line_is("to  one two three", 4, 11, "to  one two\n    three\n"));
    CU_ASSERT(line_is("one", 7, 2, "one\n"));
}

static void a_word_that_is_wider_is_not_cut(void)
{
    CU_ASSERT(line_is("a 0123456789ab c", 0, 5, "a\n0123456789ab\nc\n"));
    CU_ASSERT(line_is("  to  0123456789ab c", 6, 8, "  to  0123456789ab\n      c\n"));
    CU_ASSERT(line_is("a b", 10, 3, "a b\n"));
}

static void columns_are_characters_and_not_bytes(void)
{
    CU_ASSERT(line_is("\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9", 0, 5,
                      "\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9\n"));
    CU_ASSERT(line_is("\xc3\xa9\xc3\xa9 \xc3\xa9\xc3\xa9", 0, 4,
                      "\xc3\xa9\xc3\xa9\n\xc3\xa9\xc3\xa9\n"));
}

static void what_goes_on_of_a_text_is_further_in(void)
{
    CU_ASSERT(text_is("", 9, ""));
    CU_ASSERT(text_is("error: it\n\n  one two three\n", 9,
                      "error: it\n\n  one two\n    three\n"));
    CU_ASSERT(text_is("no end", 9, "no end\n"));
}

static void no_blank_is_left_where_it_is_folded(void)
{
    CU_ASSERT(text_is("Health      well", 12, "Health\n  well\n"));
    CU_ASSERT(text_is("Health      well", 9, "Health\n  well\n"));
    CU_ASSERT(line_is("one  two   three  ", 0, 4, "one\ntwo\nthree\n"));
}

static void print_words(FILE *out, const void *what)
{
    fprintf(out, "%s, and more of what\nis %s\n", (const char *)what, (const char *)what);
}

/* However many columns there are. */
static void a_long_line_is_folded_as_well(void)
{
    char word[100] = "", want[128];
    char got[256] = "";
    FILE *out = fmemopen(got, sizeof(got), "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    memset(word, 'x', 65);
    snprintf(want, sizeof(want), "%s, and more of\n  what\n", word);
    narrow_print(out, print_words, word, sizeof(", and more of what") - 1 + 65 - 1);
    fclose(out);
    CU_ASSERT(strncmp(got, want, strlen(want)) == 0);
}

static bool printed_is(unsigned columns, const char *want)
{
    char got[256] = "";
    FILE *out = fmemopen(got, sizeof(got), "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    narrow_print(out, print_words, "said", columns);
    fclose(out);
    return strcmp(got, want) == 0;
}

static void what_is_printed_is_folded_where_it_does_not_fit(void)
{
    static const char wide[] = "said, and more of what\nis said\n";

    CU_ASSERT(printed_is(12, "said, and\n  more of\n  what\nis said\n"));
    CU_ASSERT(printed_is(0, wide));
    CU_ASSERT(printed_is(22, wide));
    CU_ASSERT(narrow_is(NARROW_COLUMNS - 1) && !narrow_is(NARROW_COLUMNS) && !narrow_is(0));
}

static void what_is_too_wide_is_known_before_it_is_printed(void)
{
    /* "said, and more of what" */
    CU_ASSERT(narrow_exceeds(print_words, "said", 21));
    CU_ASSERT(!narrow_exceeds(print_words, "said", 22));
    CU_ASSERT(!narrow_exceeds(print_words, "s\xc3\xa9id", 22));
    CU_ASSERT(narrow_exceeds(print_words, "s\xc3\xa9id", 21));
    CU_ASSERT(!narrow_exceeds(print_words, "said", 0));
}

/* The terminal that a pair of them is, `columns` wide: its descriptors. */
static void terminal(int ends[2], unsigned short columns)
{
    const struct winsize window = {.ws_row = 24, .ws_col = columns};

    ends[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_FATAL(ends[0] >= 0 && grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0);
    ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_FATAL(ends[1] >= 0 && ioctl(ends[1], TIOCSWINSZ, &window) == 0);
}

static void the_variable_comes_first_and_the_terminal_next(void)
{
    static const char *const none[] = {"", "0", "-1", "wide", "40x", "100001"};
    int ends[2];

    terminal(ends, 57);
    unsetenv("COLUMNS");
    CU_ASSERT_EQUAL(narrow_ask(ends[1]), 57);
    for (size_t i = 0; i < COUNT(none); i++) {
        setenv("COLUMNS", none[i], 1);
        CU_ASSERT_EQUAL(narrow_ask(ends[1]), 57);
    }
    setenv("COLUMNS", "40", 1);
    CU_ASSERT_EQUAL(narrow_ask(ends[1]), 40);
    CU_ASSERT_EQUAL(narrow_ask(-1), 40);
    unsetenv("COLUMNS");
    CU_ASSERT_EQUAL(narrow_ask(-1), 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_line_that_fits_stays),
        TEST(a_longer_one_is_folded_at_blanks),
        TEST(a_word_that_is_wider_is_not_cut),
        TEST(columns_are_characters_and_not_bytes),
        TEST(what_goes_on_of_a_text_is_further_in),
        TEST(no_blank_is_left_where_it_is_folded),
        TEST(a_long_line_is_folded_as_well),
        TEST(what_is_printed_is_folded_where_it_does_not_fit),
        TEST(what_is_too_wide_is_known_before_it_is_printed),
        TEST(the_variable_comes_first_and_the_terminal_next),
    };

    return run_tests("agent/narrow", tests, COUNT(tests));
}
