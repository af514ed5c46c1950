/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/scope.h"
#include "certs/lookalike.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static unsigned reads_as(unsigned code)
{
    unsigned out[2] = {0};

    CU_ASSERT_EQUAL(lookalike_read(out, code), 1);
    return out[0];
}

static void letters_of_other_scripts_read_as_ascii(void)
{
    CU_ASSERT_EQUAL(reads_as(0x410), reads_as('A'));
    CU_ASSERT_EQUAL(reads_as(0x430), reads_as('a'));
    CU_ASSERT_EQUAL(reads_as(0x39F), reads_as('O'));
    CU_ASSERT_EQUAL(reads_as(0xFF21), reads_as('A'));
    CU_ASSERT_EQUAL(reads_as(0x2013), reads_as('-'));
    CU_ASSERT_EQUAL(reads_as(0xA0), reads_as(' '));
}

static void digits_and_letters_are_confused(void)
{
    CU_ASSERT_EQUAL(reads_as('0'), reads_as('O'));
    CU_ASSERT_EQUAL(reads_as('1'), reads_as('l'));
    CU_ASSERT_EQUAL(reads_as('I'), reads_as('l'));
    CU_ASSERT_NOT_EQUAL(reads_as('2'), reads_as('z'));
}

static void a_composed_letter_comes_apart(void)
{
    unsigned out[2] = {0};

    CU_ASSERT_EQUAL(lookalike_read(out, 0xE9), 2);
    CU_ASSERT_EQUAL(out[0], 'e');
    CU_ASSERT_EQUAL(out[1], 0x301);
    CU_ASSERT_EQUAL(lookalike_read(out, 0x17E), 2);
    CU_ASSERT_EQUAL(out[0], 'z');
}

static void what_cannot_be_seen_leaves_no_trace(void)
{
    unsigned out[2] = {0};

    CU_ASSERT_EQUAL(lookalike_read(out, 0x200B), 0);
    CU_ASSERT_EQUAL(lookalike_read(out, 0xFEFF), 0);
    CU_ASSERT_EQUAL(lookalike_read(out, 0xAD), 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(letters_of_other_scripts_read_as_ascii),
        TEST(digits_and_letters_are_confused),
        TEST(a_composed_letter_comes_apart),
        TEST(what_cannot_be_seen_leaves_no_trace),
    };

    return run_tests("lookalike", tests, COUNT(tests));
}
