/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/cert.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static const char names[] = "\x82\x10host.example.com\x82\x0e*.example.test"
                            "\x82\x06*.test\x87\x04\xc0\x00\x02\x0a";

static bool is_for(const char *name)
{
    struct cert cert = {.has_san = true, .san = span_of(names, sizeof(names) - 1)};
    bool by_cn = true;

    (void)text_fits(cert.cn, "fallback.example.org");
    return cert_is_for(&cert, name, &by_cn) && !by_cn;
}

static void exact_names_match_in_any_case(void)
{
    CU_ASSERT_TRUE(is_for("host.example.com"));
    CU_ASSERT_TRUE(is_for("HOST.Example.com."));
    CU_ASSERT_FALSE(is_for("host.example.co"));
    CU_ASSERT_FALSE(is_for(""));
    CU_ASSERT_FALSE(is_for("."));
}

static void a_wildcard_is_one_label(void)
{
    CU_ASSERT_TRUE(is_for("a.example.test"));
    CU_ASSERT_FALSE(is_for("a.b.example.test"));
    CU_ASSERT_FALSE(is_for("example.test"));
    CU_ASSERT_FALSE(is_for(".example.test"));
}

static void addresses_match_as_bytes(void)
{
    CU_ASSERT_TRUE(is_for("192.0.2.10"));
    CU_ASSERT_FALSE(is_for("192.0.2.11"));
    CU_ASSERT_FALSE(is_for("2001:db8::1"));
}

static void the_common_name_counts_only_without_a_san(void)
{
    struct cert cert = {0};
    bool by_cn = false;

    (void)text_fits(cert.cn, "fallback.example.org");
    CU_ASSERT_FALSE(is_for("fallback.example.org."));
    CU_ASSERT_TRUE(cert_is_for(&cert, "Fallback.example.org", &by_cn));
    CU_ASSERT_TRUE(by_cn);
    CU_ASSERT_FALSE(cert_is_for(&cert, "other.example.test", &by_cn));
    CU_ASSERT_FALSE(by_cn);
    cert.cn_has_nul = true;
    CU_ASSERT_FALSE(cert_is_for(&cert, "fallback.example.org", &by_cn));
}

static void the_names_are_shown(void)
{
    struct cert cert = {.has_san = true, .san = span_of(names, sizeof(names) - 1)};
    char text[CERT_TEXT_MAX];

    cert_san_text(text, sizeof(text), &cert);
    CU_ASSERT_STRING_EQUAL(text, "host.example.com, *.example.test, *.test, 192.0.2.10");
    cert_san_text(text, 30, &cert);
    CU_ASSERT_STRING_EQUAL(text, "host.example.com, ...");
    CU_ASSERT_TRUE(cert_san_has_wildcard(&cert));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(exact_names_match_in_any_case),
        TEST(a_wildcard_is_one_label),
        TEST(addresses_match_as_bytes),
        TEST(the_common_name_counts_only_without_a_san),
        TEST(the_names_are_shown),
    };

    return run_tests("san", tests, COUNT(tests));
}
