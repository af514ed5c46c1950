/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/holding.h"
#include "agent/trust_status.h"
#include "base/text.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

#define LIST "00112233445566778899aabbccddeeff"
#define HEAD                                                                               \
    "pairgate-holding 1\nholder CN=x\n"                                                    \
    "key 0000000000000000000000000000000000000000000000000000000000000001\n"               \
    "at 2027-06-15T12:00:00Z\n"

static void a_record_is_read_and_kept(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(holdings_clear) struct holdings all = {0};
    struct holding holding = {0}, older = {0};
    struct error err = {0}, old = {0};
    unsigned sequence = 0;

    scratch_make(&scratch);
    CU_ASSERT_FATAL(holding_parse(&holding, span_text(HEAD "holds " LIST " 7\n"), &err));
    CU_ASSERT_FATAL(holding_keep(scratch.fd, &holding, &err));
    older = holding;
    older.at--;
    CU_ASSERT_FALSE(holding_keep(scratch.fd, &older, &old));
    CU_ASSERT_EQUAL(old.msg, E_PUBLISHED_OLD);
    CU_ASSERT_FATAL(holdings_load(&all, scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(all.n, 1);
    CU_ASSERT(holding_of(&sequence, &all.item[0], LIST));
    CU_ASSERT_EQUAL(sequence, 7);
    CU_ASSERT_FALSE(holding_of(&sequence, &all.item[0], "other"));
}

static void what_is_no_record_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "pairgate-holding 2\n",
        "pairgate-holding 1\nholder CN=x\nkey 00\n",
        HEAD "holds " LIST "\n",
        HEAD "holds " LIST " -1\n",
        HEAD "holds 7\n",
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct holding holding = {0};
        struct error err = {0};

        CU_ASSERT_FALSE(holding_parse(&holding, span_text(bad[i]), &err));
        CU_ASSERT_EQUAL(err.msg, E_PUBLISHED_FORM);
    }
}

static void who_is_behind_is_told(void)
{
    struct published list = {.sequence = 9};
    struct holding holding = {.n = 1, .item = {{.list = LIST, .sequence = 7}}};
    char text[STANDING_MAX];

    (void)text_fits(list.list, LIST);
    trust_status_standing(text, &list, &holding, AT_NOON);
    CU_ASSERT_STRING_EQUAL(text, "behind by 2");
    holding.item[0].sequence = 9;
    trust_status_standing(text, &list, &holding, AT_NOON);
    CU_ASSERT_STRING_EQUAL(text, "current");
    holding.n = 0;
    trust_status_standing(text, &list, &holding, AT_NOON);
    CU_ASSERT_STRING_EQUAL(text, "absent");
    trust_status_standing(text, &list, NULL, AT_NOON);
    CU_ASSERT_STRING_EQUAL(text, "own");
    (void)text_fits(list.publisher, "CN=x");
    trust_status_standing(text, &list, NULL, AT_NOON);
    CU_ASSERT_STRING_EQUAL(text, "over");
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_record_is_read_and_kept),
        TEST(what_is_no_record_is_refused),
        TEST(who_is_behind_is_told),
    };

    return run_tests("holding", tests, COUNT(tests));
}
