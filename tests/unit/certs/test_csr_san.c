/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/csr.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static void what_was_typed_comes_back(void)
{
    static const struct {
        const char *typed, *shown;
    } cases[] = {
        {"DNS:a.example.com", "DNS:a.example.com"},
        {"a.example.com", "DNS:a.example.com"},
        {"*.example.com", "DNS:*.example.com"},
        {"IP:192.0.2.1", "IP:192.0.2.1"},
        {"2001:db8::1", "IP:2001:db8::1"},
        {"email:a+b@example.com", "email:a+b@example.com"},
        {"URI:https://a.example.com/x?y=z", "URI:https://a.example.com/x?y=z"},
        {"URI:urn:uuid:1-2", "URI:urn:uuid:1-2"},
    };
    scoped(buf_clear) struct buf all = buf_upto(4096);
    char text[CERT_TEXT_MAX];

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(buf_clear) struct buf one = buf_upto(4096);
        struct error err = {0};

        CU_ASSERT_FATAL(csr_add_general_name(&one, cases[i].typed, &err));
        csr_san_text(text, sizeof(text), buf_span(&one));
        CU_ASSERT_STRING_EQUAL(text, cases[i].shown);
        CU_ASSERT(buf_add(&all, buf_span(&one), &err));
    }
    csr_san_text(text, sizeof(text), buf_span(&all));
    CU_ASSERT(
        text_starts(text, "DNS:a.example.com, DNS:a.example.com, DNS:*.example.com, "));
    csr_san_text(text, 60, buf_span(&all));
    CU_ASSERT(text_ends(text, ", ..."));
}

static void what_is_no_name_is_refused(void)
{
    static const char *const cases[] = {
        "",         "DNS:",          "IP:",         "IP:a",
        "email:",   "email:a",       "email:@b.c",  "email:a@b@c.d",
        "email:a@", "email:<a@b.c>", "email:a@*.b", "URI:",
        "URI:a",    "URI:a:",        "URI:1a:b",    "URI:a:b c",
        "URI:é:x",  "email:é@b.c",   "a b",         "DNS:-a",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(buf_clear) struct buf out = buf_upto(4096);
        struct error err = {0};

        CU_ASSERT_FALSE(csr_add_general_name(&out, cases[i], &err));
        CU_ASSERT_EQUAL(err.msg, E_CSR_SAN);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_typed_comes_back),
        TEST(what_is_no_name_is_refused),
    };

    return run_tests("csr_san", tests, COUNT(tests));
}
