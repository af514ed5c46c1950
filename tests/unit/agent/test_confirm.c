/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/confirm.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <limits.h>
#include <stdio.h>

#define ID "00112233445566778899aabbccddeeff"

/* What becomes of it when this is typed. */
static enum msg typed(const char *answer)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    char path[PATH_MAX + 16];
    struct error err = {0};

    scratch_make(&scratch);
    scratch_write(&scratch, "answer", answer);
    snprintf(path, sizeof(path), "%s/answer", scratch.path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(freopen(path, "r", stdin));
    CU_ASSERT_EQUAL(confirm_typed("Really?", "office-root", ID, &err), err.msg == E_NONE);
    return err.msg;
}

static void the_word_or_eight_digits_will_do(void)
{
    CU_ASSERT_EQUAL(typed("office-root\n"), E_NONE);
    CU_ASSERT_EQUAL(typed("office-root\r\n"), E_NONE);
    CU_ASSERT_EQUAL(typed("00112233\n"), E_NONE);
    CU_ASSERT_EQUAL(typed(ID "\n"), E_NONE);
    CU_ASSERT_EQUAL(typed("00112233"), E_NONE); /* the end of the input ends the line */
}

static void anything_else_will_not(void)
{
    static const char *const answers[] = {"",
                                          "\n",
                                          "y\n",
                                          "yes\n",
                                          "0011223\n",
                                          "00112234\n",
                                          ID "0\n",
                                          " office-root\n",
                                          "office-root \n",
                                          "OFFICE-ROOT\n"};

    for (size_t i = 0; i < COUNT(answers); i++)
        CU_ASSERT_EQUAL(typed(answers[i]), E_NOT_CONFIRMED);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_word_or_eight_digits_will_do),
        TEST(anything_else_will_not),
    };

    return run_tests("confirm", tests, COUNT(tests));
}
