/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/run.h"

#include <CUnit/Basic.h>

int run_tests(const char *suite, const struct test *tests, size_t n)
{
    CU_pSuite into;
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    into = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; into != NULL && i < n; i++)
        if (CU_add_test(into, tests[i].name, tests[i].run) == NULL)
            into = NULL;
    if (into == NULL) {
        CU_cleanup_registry();
        return 2;
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    return failed == 0 ? 0 : 1;
}
