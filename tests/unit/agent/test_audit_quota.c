/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/audit_quota.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define A_MINUTE 60000 /* on the minute */
#define MOST 3

static unsigned taken(struct audit_quota *quota, unsigned tries, time_t now)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tries; i++)
        n += audit_quota_take(quota, MOST, now);
    return n;
}

static void so_many_a_minute_and_no_more(void)
{
    struct audit_quota quota = {0};

    CU_ASSERT_EQUAL(taken(&quota, MOST, A_MINUTE), MOST);
    CU_ASSERT_EQUAL(quota.dropped, 0);
    CU_ASSERT_EQUAL(taken(&quota, 5, A_MINUTE + 59), 0);
    CU_ASSERT_EQUAL(quota.dropped, 5);
    CU_ASSERT_EQUAL(taken(&quota, 5, A_MINUTE + 60), MOST);
}

static void what_was_dropped_is_owed_when_the_minute_is_over(void)
{
    struct audit_quota quota = {0};

    taken(&quota, MOST + 2, A_MINUTE);
    CU_ASSERT_FALSE(audit_quota_owes(&quota, A_MINUTE + 59));
    CU_ASSERT(audit_quota_owes(&quota, A_MINUTE + 60));
    CU_ASSERT(audit_quota_owes(&quota, A_MINUTE - 1)); /* the clock was set back */
}

static void it_is_told_once(void)
{
    scoped(buf_clear) struct buf details = buf_upto(AUDIT_DETAILS_MAX);
    struct audit_quota quota = {0};
    struct audit_entry entry;
    struct error err = {0};

    taken(&quota, MOST + 2, A_MINUTE);
    CU_ASSERT_FATAL(audit_quota_tell(&entry, &details, &quota, AUDIT_MANAGEMENT, &err));
    CU_ASSERT_EQUAL(entry.kind, AUDIT_MANAGEMENT);
    CU_ASSERT(span_equal(entry.details, span_text("{\"count\":2}")));
    CU_ASSERT_FALSE(audit_quota_owes(&quota, A_MINUTE + 60));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(so_many_a_minute_and_no_more),
        TEST(what_was_dropped_is_owed_when_the_minute_is_over),
        TEST(it_is_told_once),
    };

    return run_tests("agent/audit_quota", tests, COUNT(tests));
}
