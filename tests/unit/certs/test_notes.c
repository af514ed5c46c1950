/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/notes.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static void what_is_noted_is_found(void)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    char text[32];
    unsigned number = 0;
    time_t at = 0;
    struct error err = {0};

    CU_ASSERT(notes_add(&notes, "reason", "chain upload", &err));
    CU_ASSERT(notes_add(&notes, "previous", "7", &err));
    CU_ASSERT(notes_add_time(&notes, "made", AT_NOON, &err));
    CU_ASSERT(notes_get(text, sizeof(text), buf_span(&notes), "reason"));
    CU_ASSERT_STRING_EQUAL(text, "chain upload");
    CU_ASSERT(notes_get_number(&number, buf_span(&notes), "previous"));
    CU_ASSERT_EQUAL(number, 7);
    CU_ASSERT(notes_get_time(&at, buf_span(&notes), "made"));
    CU_ASSERT_EQUAL(at, AT_NOON);
}

static void a_value_cannot_begin_another_line(void)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    char text[64];
    struct error err = {0};

    CU_ASSERT(notes_add(&notes, "reason", "x\nprevious 9", &err));
    CU_ASSERT_FALSE(notes_get(text, sizeof(text), buf_span(&notes), "previous"));
}

static void what_is_missing_or_does_not_fit_is_not_given(void)
{
    const struct span notes = span_text("a long value\nab 1\nnumber -1\n\nlast");
    char text[5];
    unsigned number = 0;

    CU_ASSERT_FALSE(notes_get(text, sizeof(text), notes, "a"));
    CU_ASSERT(notes_get(text, sizeof(text), notes, "ab"));
    CU_ASSERT_FALSE(notes_get(text, sizeof(text), notes, "last"));
    CU_ASSERT_FALSE(notes_get(text, sizeof(text), notes, "none"));
    CU_ASSERT_FALSE(notes_get_number(&number, notes, "number"));
    CU_ASSERT_FALSE(notes_get(text, sizeof(text), (struct span){0}, "a"));
}

static void notes_that_were_cut_short_are_not_whole(void)
{
    CU_ASSERT(notes_are_whole(span_text("previous 7\n")));
    CU_ASSERT_FALSE(notes_are_whole(span_text("previous 7\nepo")));
    CU_ASSERT_FALSE(notes_are_whole((struct span){0}));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_noted_is_found),
        TEST(a_value_cannot_begin_another_line),
        TEST(notes_that_were_cut_short_are_not_whole),
        TEST(what_is_missing_or_does_not_fit_is_not_given),
    };

    return run_tests("notes", tests, COUNT(tests));
}
