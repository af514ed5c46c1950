/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/filter.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static bool admits(const struct entry *entry, const char *one, const char *two)
{
    char *words[] = {(char *)(size_t) "--filter", (char *)(size_t)one,
                     (char *)(size_t) "--filter", (char *)(size_t)two};
    struct args args = {0};
    struct filter filter = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(args_read(&args, two != NULL ? 4 : 2, words, &err));
    CU_ASSERT_FATAL(filter_read(&filter, &args, &err));
    return filter_admits(&filter, entry, AT_NOON);
}

static void every_criterion_must_hold(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(entry_clear) struct entry entry = {0};

    root_make(&root, "Lab Root");
    root_entry(&entry, &root, STORE_ROOTS, "lab");
    CU_ASSERT(admits(&entry, "subject~lab", NULL));
    CU_ASSERT(admits(&entry, "subject~LAB", "alias=lab"));
    CU_ASSERT_FALSE(admits(&entry, "subject~lab", "alias=la"));
    CU_ASSERT(admits(&entry, "cn=lab root", "expired=no"));
    CU_ASSERT_FALSE(admits(&entry, "expired~yes", NULL));
    CU_ASSERT(admits(&entry, "origin=imported", "key~P-256"));
    CU_ASSERT(admits(&entry, "store~roots", "until~20"));
}

static void identifiers_may_have_colons(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(entry_clear) struct entry entry = {0};
    char filter[CERT_TEXT_MAX * 2] = "ski=";
    size_t n = 4;

    root_make(&root, "Root");
    root_entry(&entry, &root, STORE_ROOTS, NULL);
    for (size_t i = 0; entry.key_id[i] != '\0'; i++) {
        if (i > 0 && i % 2 == 0)
            filter[n++] = ':';
        filter[n++] = entry.key_id[i];
    }
    filter[n] = '\0';
    CU_ASSERT(admits(&entry, filter, NULL));
}

static void a_filter_that_is_none_is_told(void)
{
    static const char *const bad[] = {"colour~red", "subject", "~x", ""};

    for (size_t i = 0; i < COUNT(bad); i++) {
        char *words[] = {(char *)(size_t) "--filter", (char *)(size_t)bad[i]};
        struct args args = {0};
        struct filter filter = {0};
        struct error err = {0};

        CU_ASSERT_FATAL(args_read(&args, 2, words, &err));
        CU_ASSERT_FALSE(filter_read(&filter, &args, &err));
        CU_ASSERT_EQUAL(err.msg, E_FILTER);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_criterion_must_hold),
        TEST(identifiers_may_have_colons),
        TEST(a_filter_that_is_none_is_told),
    };

    return run_tests("filter", tests, COUNT(tests));
}
