/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/extensions.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define BYTES(text) span_of(text, sizeof(text) - 1)

/* Read a list of extensions; how it fails, or E_NONE. */
static enum msg reads(struct cert *out, struct span extensions)
{
    struct error err = {0};

    *out = (struct cert){.extensions = extensions};
    return extensions_read(out, &err) ? E_NONE : err.msg;
}

static void basic_constraints_are_read(void)
{
    struct cert cert;

    CU_ASSERT_EQUAL(reads(&cert, BYTES("\x30\x12\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08"
                                       "\x30\x06\x01\x01\xff\x02\x01\x03")),
                    E_NONE);
    CU_ASSERT_TRUE(cert.ca && cert.basic_critical && cert.has_path_length);
    CU_ASSERT_EQUAL(cert.path_length, 3);
    CU_ASSERT_EQUAL(reads(&cert, BYTES("\x30\x09\x06\x03\x55\x1d\x13\x04\x02\x30\x00")),
                    E_NONE);
    CU_ASSERT_TRUE(cert.has_basic && !cert.ca && !cert.basic_critical);
}

static void key_usage_is_read_bit_by_bit(void)
{
    struct cert cert;

    CU_ASSERT_EQUAL(
        reads(&cert, BYTES("\x30\x0b\x06\x03\x55\x1d\x0f\x04\x04\x03\x02\x05\xa0")),
        E_NONE);
    CU_ASSERT_EQUAL(cert.ku, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
    CU_ASSERT_EQUAL(
        reads(&cert, BYTES("\x30\x0c\x06\x03\x55\x1d\x0f\x04\x05\x03\x03\x07\x00\x80")),
        E_NONE);
    CU_ASSERT_EQUAL(cert.ku, KU_DECIPHER_ONLY);
}

static void any_extended_key_usage_is_told_apart(void)
{
    struct cert cert;

    CU_ASSERT_EQUAL(
        reads(
            &cert,
            BYTES("\x30\x0f\x06\x03\x55\x1d\x25\x04\x08\x30\x06\x06\x04\x55\x1d\x25\x00")),
        E_NONE);
    CU_ASSERT_EQUAL(cert.eku, EKU_ANY);
}

static void critical_extensions_not_processed_are_listed(void)
{
    struct cert cert;

    CU_ASSERT_EQUAL(
        reads(&cert, BYTES("\x30\x0c\x06\x03\x55\x1d\x24\x01\x01\xff\x04\x02\x30\x00"
                           "\x30\x0b\x06\x02\x2a\x03\x01\x01\xff\x04\x02\x30\x00"
                           "\x30\x08\x06\x02\x2a\x04\x04\x02\x30\x00")),
        E_NONE);
    CU_ASSERT_STRING_EQUAL(cert.unknown_critical, "2.5.29.36, 1.2.3");
}

static void what_is_malformed_is_refused(void)
{
    struct cert cert;

    CU_ASSERT_EQUAL(reads(&cert, BYTES("\x30\x00")), E_CERT_DER);
    CU_ASSERT_EQUAL(
        reads(&cert, BYTES("\x30\x0c\x06\x03\x55\x1d\x24\x01\x01\x01\x04\x02\x30\x00")),
        E_CERT_DER);
    CU_ASSERT_EQUAL(reads(&cert, BYTES("\x30\x09\x06\x03\x55\x1d\x25\x04\x02\x30\x00")),
                    E_CERT_DER);
    CU_ASSERT_EQUAL(reads(&cert, BYTES("\x30\x09\x06\x03\x55\x1d\x11\x04\x02\x30\x00")),
                    E_CERT_DER);
    CU_ASSERT_EQUAL(reads(&cert, BYTES("\x30\x09\x06\x03\x55\x1d\x1e\x04\x02\x30\x00")),
                    E_CERT_DER);
    CU_ASSERT_EQUAL(
        reads(&cert, BYTES("\x30\x0b\x06\x03\x55\x1d\x13\x04\x04\x30\x02\x05\x00")),
        E_CERT_DER);
    CU_ASSERT_EQUAL(reads(&cert, BYTES("\x30\x05\x06\x03\x55\x1d\x11")), E_CERT_DER);
}

static void an_extension_stands_once(void)
{
    struct cert cert;

    CU_ASSERT_EQUAL(reads(&cert, BYTES("\x30\x08\x06\x02\x2a\x04\x04\x02\x30\x00"
                                       "\x30\x08\x06\x02\x2a\x04\x04\x02\x30\x00")),
                    E_CERT_TWICE);
}

static void too_many_extensions_are_refused(void)
{
    unsigned char many[65][10];
    struct cert cert;

    for (unsigned i = 0; i < 65; i++) {
        memcpy(many[i], "\x30\x08\x06\x02\x2a\x00\x04\x02\x30\x00", 10);
        many[i][5] = (unsigned char)i;
    }
    CU_ASSERT_EQUAL(reads(&cert, span_of(many, 640)), E_NONE);
    CU_ASSERT_EQUAL(reads(&cert, span_of(many, 650)), E_CERT_DER);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(basic_constraints_are_read),
        TEST(key_usage_is_read_bit_by_bit),
        TEST(any_extended_key_usage_is_told_apart),
        TEST(critical_extensions_not_processed_are_listed),
        TEST(what_is_malformed_is_refused),
        TEST(an_extension_stands_once),
        TEST(too_many_extensions_are_refused),
    };

    return run_tests("extensions", tests, COUNT(tests));
}
