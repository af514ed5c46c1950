/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/extension.h"

#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static bool take(struct extension *out, const char *bytes, size_t n)
{
    struct span in = span_of(bytes, n);

    return extension_take(out, &in) && in.n == 0;
}

static void both_forms_are_read(void)
{
    struct extension extension = {0};

    CU_ASSERT_TRUE(take(&extension, "\x30\x09\x06\x03\x55\x1d\x0f\x04\x02\x05\x00", 11));
    CU_ASSERT_FALSE(extension.critical);
    CU_ASSERT_TRUE(span_equal(extension.oid, span_text("\x55\x1d\x0f")));
    CU_ASSERT_EQUAL(extension.value.n, 2);
    CU_ASSERT_TRUE(
        take(&extension, "\x30\x0c\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x02\x05\x00", 14));
    CU_ASSERT_TRUE(extension.critical);
}

static void what_is_malformed_is_refused(void)
{
    struct extension extension = {0};

    CU_ASSERT_FALSE(take(&extension, "", 0));
    CU_ASSERT_FALSE(take(&extension, "\x30\x05\x06\x03\x55\x1d\x0f", 7)); /* no value */
    CU_ASSERT_FALSE(
        take(&extension, "\x30\x0c\x06\x03\x55\x1d\x0f\x01\x01\x01\x04\x02\x05\x00", 14));
    CU_ASSERT_FALSE(
        take(&extension, "\x30\x0b\x06\x03\x55\x1d\x0f\x04\x02\x05\x00\x05\x00", 13));
}

int main(void)
{
    static const struct test tests[] = {TEST(both_forms_are_read),
                                        TEST(what_is_malformed_is_refused)};

    return run_tests("extension", tests, COUNT(tests));
}
