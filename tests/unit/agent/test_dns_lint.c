/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By the loopback's name, which every machine has. */
#include "agent/dns_lint.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void another_name_is_a_warning(void)
{
    scoped(report_clear) struct report report = {0};
    const char *const loopback[] = {"127.0.0.1"};

    dns_lint(&report, "node.example.com", loopback, 1);
    CU_ASSERT_EQUAL_FATAL(report.n, 1);
    CU_ASSERT_EQUAL(report.item[0].msg, E_CERTOOL_DNS);
    CU_ASSERT_EQUAL(report.item[0].severity, SEVERITY_WARNING);
    CU_ASSERT_PTR_NOT_NULL(strstr(report.item[0].about, "127.0.0.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(report.item[0].about, "not node.example.com"));
}

static void its_own_name_is_none(void)
{
    scoped(report_clear) struct report report = {0};
    const char *const loopback[] = {"127.0.0.1"};

    dns_lint(&report, "localhost", loopback, 1);
    CU_ASSERT_EQUAL(report.n, 0);
}

static void what_is_no_address_is_not_looked_up(void)
{
    scoped(report_clear) struct report report = {0};
    const char *const nonsense[] = {"localhost", "", "1.2.3.4.5"};

    dns_lint(&report, "node.example.com", nonsense, COUNT(nonsense));
    CU_ASSERT_EQUAL(report.n, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(another_name_is_a_warning),
        TEST(its_own_name_is_none),
        TEST(what_is_no_address_is_not_looked_up),
    };

    return run_tests("dns_lint", tests, COUNT(tests));
}
