/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hook_names.h"

#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const struct hook_file file = {.there = true, .home = "PAIRGATE_STATE=/state"};
static const struct handover handover = {.migration = "m-1", .generation = 2, .epoch = 7};
static const struct migration_facts facts = {
    .name = "data", .directory = "/", .peer = "peer.example.com"};

static bool has(const struct hook_names *names, const char *text)
{
    for (size_t i = 0; i < names->n; i++)
        if (text_equal(names->text[i], text))
            return true;
    return false;
}

static void a_target_is_told_where_it_is_and_where_it_goes(void)
{
    static const char *const want[] = {
        "PAIRGATE_STATE=/state", "PAIRGATE_HOOK=target-import",
        "PAIRGATE_ROLE=target",  "PAIRGATE_MIGRATION=m-1",
        "PAIRGATE_GENERATION=2", "PAIRGATE_EPOCH=7",
        "PAIRGATE_NAME=data",    "PAIRGATE_PEER=peer.example.com",
        "PAIRGATE_DIR=//data",   "PAIRGATE_STAGING=//.pairgate/m-1/tree"};
    scoped(hook_names_clear) struct hook_names names = {0};

    hook_names_lay(&names, HOOK_TARGET_IMPORT, &file, &handover, &facts);
    CU_ASSERT_EQUAL(names.n, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++)
        CU_ASSERT(has(&names, want[i]));
}

static void a_source_is_told_its_tree(void)
{
    scoped(hook_names_clear) struct hook_names names = {0};

    hook_names_lay(&names, HOOK_SOURCE_FREEZE, &file, &handover, &facts);
    CU_ASSERT(has(&names, "PAIRGATE_ROLE=source"));
    CU_ASSERT(has(&names, "PAIRGATE_DIR=/"));
    for (size_t i = 0; i < names.n; i++)
        CU_ASSERT_FALSE(text_starts(names.text[i], "PAIRGATE_STAGING"));
}

static void before_there_is_a_migration_it_has_no_name(void)
{
    scoped(hook_names_clear) struct hook_names names = {0};

    hook_names_lay(&names, HOOK_SOURCE_PREFLIGHT, &file, &(struct handover){0}, &facts);
    CU_ASSERT(has(&names, "PAIRGATE_MIGRATION="));
    CU_ASSERT(has(&names, "PAIRGATE_NAME=data"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_target_is_told_where_it_is_and_where_it_goes),
        TEST(a_source_is_told_its_tree),
        TEST(before_there_is_a_migration_it_has_no_name),
    };

    return run_tests("hook_names", tests, COUNT(tests));
}
