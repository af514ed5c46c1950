/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/scope.h"
#include "certs/subtree.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

struct row {
    enum general kind;
    const char *base, *name;
    bool holds, touches;
};

static const struct row rows[] = {
    {GENERAL_DNS, "example.test", "example.test", true, true},
    {GENERAL_DNS, "example.test", "a.b.example.test", true, true},
    {GENERAL_DNS, "EXAMPLE.test", "a.Example.TEST.", true, true},
    {GENERAL_DNS, "example.test", "badexample.test", false, false},
    {GENERAL_DNS, ".example.test", "example.test", false, false},
    {GENERAL_DNS, ".example.test", "a.example.test", true, true},
    {GENERAL_DNS, "", "anything", true, true},
    {GENERAL_DNS, "example.test", "*.example.test", true, true},
    {GENERAL_DNS, "www.example.test", "*.example.test", false, true},
    {GENERAL_DNS, "a.www.example.test", "*.example.test", false, false},
    {GENERAL_DNS, "example.test", "*.test", false, true},
    {GENERAL_EMAIL, "example.test", "ops@example.test", true, true},
    {GENERAL_EMAIL, "example.test", "ops@mail.example.test", false, false},
    {GENERAL_EMAIL, ".example.test", "ops@mail.example.test", true, true},
    {GENERAL_EMAIL, ".example.test", "ops@example.test", false, false},
    {GENERAL_EMAIL, "ops@example.test", "ops@EXAMPLE.test", true, true},
    {GENERAL_EMAIL, "ops@example.test", "Ops@example.test", false, false},
    {GENERAL_EMAIL, "example.test", "example.test", false, false},
    {GENERAL_URI, ".example.test", "https://www.example.test/x?@evil.test", true, true},
    {GENERAL_URI, ".example.test", "https://example.test/", false, false},
    {GENERAL_URI, "example.test", "https://user@example.test:8443", true, true},
    {GENERAL_URI, "example.test", "https://example.test@evil.test/", false, false},
    {GENERAL_URI, "example.test", "urn:example", false, true},
    {GENERAL_URI, "example.test", "https://192.0.2.1/", false, true},
    {GENERAL_URI, "example.test", "https://[2001:db8::1]/", false, true},
};

static void text_lies_within_its_subtree(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct general_name base = {rows[i].kind, span_text(rows[i].base)};
        struct general_name name = {rows[i].kind, span_text(rows[i].name)};

        CU_ASSERT_EQUAL(subtree_holds(&base, &name), rows[i].holds);
        CU_ASSERT_EQUAL(subtree_touches(&base, &name), rows[i].touches);
    }
}

static void an_address_lies_within_its_network(void)
{
    struct general_name net = {GENERAL_IP, span_of("\xc0\x00\x02\x00\xff\xff\xff\x00", 8)};
    struct general_name in = {GENERAL_IP, span_of("\xc0\x00\x02\x07", 4)};
    struct general_name out = {GENERAL_IP, span_of("\xc0\x00\x03\x07", 4)};
    struct general_name six = {GENERAL_IP, span_of("\xc0\x00\x02\x07............", 16)};

    CU_ASSERT_TRUE(subtree_holds(&net, &in));
    CU_ASSERT_FALSE(subtree_holds(&net, &out));
    CU_ASSERT_FALSE(subtree_holds(&net, &six));
}

static void a_form_we_do_not_compare_is_always_broken(void)
{
    struct general_name base = {GENERAL_OTHER, span_text("x")};

    CU_ASSERT_FALSE(subtree_holds(&base, &base));
    CU_ASSERT_TRUE(subtree_touches(&base, &base));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(text_lies_within_its_subtree),
        TEST(an_address_lies_within_its_network),
        TEST(a_form_we_do_not_compare_is_always_broken),
    };

    return run_tests("subtree", tests, COUNT(tests));
}
