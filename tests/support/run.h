/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of tests is a program: int main(void) { return run_tests("key", tests, …); } */
#pragma once

#include <stddef.h>

struct test {
    const char *name; /* a sentence: "a_wildcard_leaf_is_refused" */
    void (*run)(void);
};

/* Run them all under CUnit. 0 when every assertion held. */
int run_tests(const char *suite, const struct test *tests, size_t n);

/* A row from the function's own name. */
#define TEST(function)                                                                     \
    {                                                                                      \
#function, function                                                                \
    }
