/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/scope.h"
#include "certs/general.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define BYTES(text) span_of(text, sizeof(text) - 1)

static void names_are_taken_by_kind(void)
{
    struct span names = BYTES("\x82\x01"
                              "a\x87\x04\x0a\x00\x00\x01\x82\x01"
                              "b");
    struct general_name name = {0};

    CU_ASSERT_TRUE(general_names_are_well_formed(names));
    CU_ASSERT_TRUE(general_find(&name, &names, GENERAL_DNS));
    CU_ASSERT_TRUE(span_equal(name.value, span_text("a")));
    CU_ASSERT_TRUE(general_find(&name, &names, GENERAL_DNS));
    CU_ASSERT_TRUE(span_equal(name.value, span_text("b")));
    CU_ASSERT_FALSE(general_find(&name, &names, GENERAL_DNS));
}

static void malformed_names_are_refused(void)
{
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x82\x00")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x82\x03x\x00y")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x82\x02\xc3\xa9")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x82\x02x ")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x87\x05\x01\x02\x03\x04\x05")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\xa2\x01x")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x84\x02\x30\x00")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x89\x01x")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x0c\x01x")));
    CU_ASSERT_FALSE(general_names_are_well_formed(BYTES("\x88\x01\x80")));
}

static void other_kinds_pass(void)
{
    CU_ASSERT_TRUE(general_names_are_well_formed(BYTES("\xa0\x02\x06\x00")));
    CU_ASSERT_TRUE(general_names_are_well_formed(BYTES("\xa4\x02\x30\x00")));
    CU_ASSERT_TRUE(general_names_are_well_formed(BYTES("\x86\x05http:")));
    CU_ASSERT_TRUE(general_names_are_well_formed(BYTES("\x88\x01\x2a")));
}

static void constraints_have_masks_and_may_be_empty(void)
{
    struct general_name any = {GENERAL_DNS, {0}};
    struct general_name net = {GENERAL_IP, BYTES("\x0a\x00\x00\x00\xff\x00\x00\x00")};

    CU_ASSERT_TRUE(general_name_is_well_formed(&any, true));
    CU_ASSERT_FALSE(general_name_is_well_formed(&any, false));
    CU_ASSERT_TRUE(general_name_is_well_formed(&net, true));
    CU_ASSERT_FALSE(general_name_is_well_formed(&net, false));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(names_are_taken_by_kind),
        TEST(malformed_names_are_refused),
        TEST(other_kinds_pass),
        TEST(constraints_have_masks_and_may_be_empty),
    };

    return run_tests("general", tests, COUNT(tests));
}
