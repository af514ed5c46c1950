/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree_links.h"

#include "base/scope.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

static void the_first_path_is_told_ever_after(void)
{
    scoped(links_clear) struct links links = {0};

    CU_ASSERT_PTR_NULL(links_meet(&links, 1, 5, "first"));
    CU_ASSERT_STRING_EQUAL(links_meet(&links, 1, 5, "second"), "first");
    CU_ASSERT_STRING_EQUAL(links_meet(&links, 1, 5, "third"), "first");
    CU_ASSERT_PTR_NULL(links_meet(&links, 2, 5, "other device"));
}

static void many_are_told_apart(void)
{
    scoped(links_clear) struct links links = {0};
    char path[32];

    for (uint64_t round = 0; round < 2; round++)
        for (uint64_t i = 0; i < 5000; i++) {
            const char *first;

            snprintf(path, sizeof(path), "%llu", (unsigned long long)i);
            first = links_meet(&links, i % 3, i, path);
            CU_ASSERT((round == 0) == (first == NULL));
            if (first != NULL)
                CU_ASSERT_STRING_EQUAL(first, path);
        }
    CU_ASSERT_EQUAL(links.n, 5000);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_first_path_is_told_ever_after),
        TEST(many_are_told_apart),
    };

    return run_tests("tree_links", tests, COUNT(tests));
}
