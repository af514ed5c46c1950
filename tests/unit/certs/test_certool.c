/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/certool.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define GOOD "Country = US\nHostname = node.example.com\n"

static enum msg parse(struct certool *out, const char *text)
{
    struct error err = {0};

    *out = (struct certool){0};
    return certool_parse(out, span_text(text), &err) ? E_NONE : err.msg;
}

static void the_template_is_read(void)
{
    struct certool config;

    CU_ASSERT_EQUAL(parse(&config, "#\n# Template\n\nCountry = us # upper case\r\n"
                                   "Name=CA\nOrganization = Example, Inc.\n"
                                   "hostname\t=\tnode.example.com\n"
                                   "IPAddress = 192.0.2.1, 2001:db8::1\n"),
                    E_NONE);
    CU_ASSERT_STRING_EQUAL(config.country, "US");
    CU_ASSERT_STRING_EQUAL(config.name, "CA");
    CU_ASSERT_STRING_EQUAL(config.organization, "Example, Inc.");
    CU_ASSERT_STRING_EQUAL(config.hostname, "node.example.com");
}

static void without_a_name_the_host_is_it(void)
{
    struct certool config;

    CU_ASSERT_EQUAL(parse(&config, GOOD), E_NONE);
    CU_ASSERT_STRING_EQUAL(config.name, "node.example.com");
}

static void what_is_wrong_is_named(void)
{
    static const struct {
        const char *text;
        enum msg msg;
    } cases[] = {
        {"", E_CERTOOL_COUNTRY},
        {"Country = U\nHostname = a", E_CERTOOL_COUNTRY},
        {"Country = U1\nHostname = a", E_CERTOOL_COUNTRY},
        {"Country = US\n", E_CERTOOL_HOST},
        {"Country = US\nHostname = *.example.com", E_CERTOOL_HOST},
        {"Country = US\nHostname = a.example.com,b.example.com", E_CA_HOSTS},
        {"Country = US\nHostname = a b", E_CA_HOSTS},
        {GOOD "Country = US\n", E_CERTOOL_LINE},
        {GOOD "Colour = red\n", E_CERTOOL_LINE},
        {GOOD "nonsense\n", E_CERTOOL_LINE},
        {GOOD "Name = a\x01z\n", E_CERTOOL_LINE},
        {GOOD "Name = \xff\n", E_CERTOOL_LINE},
    };
    struct certool config;

    for (size_t i = 0; i < COUNT(cases); i++)
        CU_ASSERT_EQUAL(parse(&config, cases[i].text), cases[i].msg);
}

static void what_is_too_long_is_refused(void)
{
    struct certool config;
    char text[600] = GOOD "Name = ";

    memset(text + strlen(text), 'a', 300);
    CU_ASSERT_EQUAL(parse(&config, text), E_CERTOOL_LINE);
}

static void the_addresses_are_told_apart(void)
{
    struct certool config;
    char address[CERTOOL_VALUE_MAX];

    CU_ASSERT_EQUAL(parse(&config, GOOD "IPAddress = 192.0.2.1,  2001:db8::1\n"), E_NONE);
    CU_ASSERT(certool_address(address, &config, 0));
    CU_ASSERT_STRING_EQUAL(address, "192.0.2.1");
    CU_ASSERT(certool_address(address, &config, 1));
    CU_ASSERT_STRING_EQUAL(address, "2001:db8::1");
    CU_ASSERT_FALSE(certool_address(address, &config, 2));
}

/* openssl reads the names that are written. */
static void the_subject_is_what_openssl_reads(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(buf_clear) struct buf subject = buf_upto(4096);
    struct certool config;
    struct error err = {0};
    FILE *file;
    char path[PATH_MAX + 8];

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(parse(&config, GOOD "DomainComponent = vsphere.local\nState = CA\n"),
                    E_NONE);
    CU_ASSERT_FATAL(certool_subject(&subject, &config, &err));
    snprintf(path, sizeof(path), "%s/name", scratch.path);
    file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(subject.at, 1, subject.n, file);
    fclose(file);
    CU_ASSERT(scratch_shell(&scratch, "openssl asn1parse -inform DER -in name | "
                                      "grep -A1 domainComponent | grep -q ':local' && "
                                      "openssl asn1parse -inform DER -in name | "
                                      "grep -A1 commonName | grep -q node.example.com"));
}

static void a_bad_value_is_no_name(void)
{
    static const char *const bad[] = {GOOD "DomainComponent = .local\n",
                                      GOOD "DomainComponent = a..b\n",
                                      GOOD "DomainComponent = a b\n"};
    static const char *const san[] = {GOOD "IPAddress = 300.1.1.1\n",
                                      GOOD "Email = nobody\n"};
    scoped(buf_clear) struct buf out = buf_upto(4096);
    struct certool config;

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error err = {0};

        CU_ASSERT_EQUAL(parse(&config, bad[i]), E_NONE);
        CU_ASSERT_FALSE(certool_subject(&out, &config, &err));
        CU_ASSERT_EQUAL(err.msg, E_CERTOOL_LINE);
    }
    for (size_t i = 0; i < COUNT(san); i++) {
        struct error err = {0};

        CU_ASSERT_EQUAL(parse(&config, san[i]), E_NONE);
        CU_ASSERT_FALSE(certool_san(&out, &config, &err));
        CU_ASSERT_EQUAL(err.msg, E_CERTOOL_LINE);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_template_is_read),         TEST(without_a_name_the_host_is_it),
        TEST(what_is_wrong_is_named),       TEST(what_is_too_long_is_refused),
        TEST(the_addresses_are_told_apart), TEST(the_subject_is_what_openssl_reads),
        TEST(a_bad_value_is_no_name),
    };

    return run_tests("certool", tests, COUNT(tests));
}
