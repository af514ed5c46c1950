/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/der.h"
#include "certs/pem.h"
#include "certs/pkcs7.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* The DER of the bag in good-pkcs7-shuffled. */
static void read_bag(struct buf *out)
{
    scoped(buf_clear) struct buf file = {0};
    struct pem_block block = {0};
    struct error err = {0};
    struct pem pem = {0};
    bool found = false;

    case_file(&file, "good-pkcs7-shuffled");
    *out = buf_upto(CHAIN_FILE_MAX);
    CU_ASSERT_FATAL(pem_open(&pem, buf_span(&file), &err));
    CU_ASSERT_FATAL(pem_next(&block, &found, &pem, &err));
    CU_ASSERT_STRING_EQUAL(block.label, "PKCS7");
    CU_ASSERT_FATAL(pem_decode(out, &block, &err));
}

static bool is_bag(struct span der)
{
    struct pkcs7 bag = {0};
    struct error err = {0};

    return pkcs7_read(&bag, der, &err);
}

static void a_bag_gives_its_certificates(void)
{
    scoped(buf_clear) struct buf der = {0};
    struct pkcs7 bag = {0};
    struct span cert = {0};
    struct error err = {0};
    bool found = true;
    size_t n = 0;

    read_bag(&der);
    CU_ASSERT_FATAL(pkcs7_read(&bag, buf_span(&der), &err));
    while (pkcs7_next(&cert, &found, &bag, &err) && found)
        n++;
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(err.msg, E_NONE);
}

static void every_shortened_bag_is_refused(void)
{
    scoped(buf_clear) struct buf der = {0};

    read_bag(&der);
    for (size_t n = 0; n < der.n; n++)
        CU_ASSERT_FALSE(is_bag(span_head(buf_span(&der), n)));
}

static void a_bag_with_a_signer_is_refused(void)
{
    static const unsigned char signed_message[] =
        "\x30\x22\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x15\x30\x13\x02\x01\x01"
        "\x31\x00\x30\x02\x06\x00\xa0\x04\x30\x02\x05\x00\x31\x02\x05\x00";

    CU_ASSERT_FALSE(is_bag(span_of(signed_message, sizeof(signed_message) - 1)));
}

static void another_type_of_contents_is_refused(void)
{
    scoped(buf_clear) struct buf der = {0};
    unsigned char *oid;

    read_bag(&der);
    oid = memmem(der.at, der.n, "\x01\x07\x02", 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(oid);
    oid[2] = 3;
    CU_ASSERT_FALSE(is_bag(buf_span(&der)));
}

static void what_is_no_certificate_in_a_bag_is_refused(void)
{
    struct pkcs7 bag = {.certs = span_of("\x05\x00", 2)};
    struct span cert = {0};
    struct error err = {0};
    bool found = false;

    CU_ASSERT_FALSE(pkcs7_next(&cert, &found, &bag, &err));
    CU_ASSERT_EQUAL(err.msg, E_PKCS7);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_bag_gives_its_certificates),
        TEST(every_shortened_bag_is_refused),
        TEST(a_bag_with_a_signer_is_refused),
        TEST(another_type_of_contents_is_refused),
        TEST(what_is_no_certificate_in_a_bag_is_refused),
    };

    return run_tests("pkcs7", tests, COUNT(tests));
}
