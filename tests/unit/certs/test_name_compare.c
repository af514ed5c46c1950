/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/cert.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* CN=<text> as a Name; short texts only. */
struct short_name {
    unsigned char bytes[64];
    size_t n;
};

static struct short_name cn(const char *text)
{
    size_t n = strlen(text);
    struct short_name name = {.n = n + 13};
    const unsigned char head[13] = {0x30,
                                    (unsigned char)(n + 11),
                                    0x31,
                                    (unsigned char)(n + 9),
                                    0x30,
                                    (unsigned char)(n + 7),
                                    0x06,
                                    0x03,
                                    0x55,
                                    0x04,
                                    0x03,
                                    0x0c,
                                    (unsigned char)n};

    memcpy(name.bytes, head, sizeof(head));
    memcpy(name.bytes + sizeof(head), text, n);
    return name;
}

static enum name_relation relation(const char *a, const char *b)
{
    struct short_name one = cn(a), other = cn(b);

    return cert_names_compare(span_of(one.bytes, one.n), span_of(other.bytes, other.n));
}

static void assert_explained(const char *want, const char *a, const char *b)
{
    struct short_name one = cn(a), other = cn(b);
    char text[CERT_TEXT_MAX] = "";

    cert_names_explain(text, sizeof(text), span_of(one.bytes, one.n),
                       span_of(other.bytes, other.n));
    CU_ASSERT_STRING_EQUAL(text, want);
}

static void names_are_the_same_equal_alike_or_different(void)
{
    CU_ASSERT_EQUAL(relation("CA1-Inter", "CA1-Inter"), NAME_SAME);
    CU_ASSERT_EQUAL(relation("CA1-Inter", " ca1-INTER "), NAME_EQUAL);
    CU_ASSERT_EQUAL(relation("CA1-Inter", "Inter-CA2"), NAME_DIFFERENT);
    CU_ASSERT_EQUAL(relation("CA1", "CA12"), NAME_DIFFERENT);
}

static void what_only_reads_the_same_is_told_apart(void)
{
    CU_ASSERT_EQUAL(relation("CA1", "C\xD0\x90\x31"), NAME_LOOKALIKE);
    CU_ASSERT_EQUAL(relation("Int\xC3\xA9", "Inte\xCC\x81"), NAME_LOOKALIKE);
    CU_ASSERT_EQUAL(relation("CA0", "CAO"), NAME_LOOKALIKE);
    CU_ASSERT_EQUAL(relation("CA", "C\xE2\x80\x8B"
                                   "A"),
                    NAME_LOOKALIKE);
    CU_ASSERT_EQUAL(relation("Int\xC3\xA9", "Inte"), NAME_DIFFERENT);
}

static void the_first_difference_is_named(void)
{
    assert_explained("U+0041 against U+0410", "CA1", "C\xD0\x90\x31");
    assert_explained("one has U+0032 where the other ends", "CA12", "CA1");
    assert_explained("their attributes differ", "CA1", "ca1");
}

int main(void)
{
    static const struct test tests[] = {
        TEST(names_are_the_same_equal_alike_or_different),
        TEST(what_only_reads_the_same_is_told_apart),
        TEST(the_first_difference_is_named),
    };

    return run_tests("name_compare", tests, COUNT(tests));
}
