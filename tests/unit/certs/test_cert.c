/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/cert.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static void the_facts_of_a_certificate_are_read(void)
{
    scoped(chain_clear) struct chain chain = {0};
    const struct cert *leaf;

    case_chain(&chain, "good");
    leaf = chain_leaf(&chain);
    CU_ASSERT_EQUAL(leaf->version, 3);
    CU_ASSERT_STRING_EQUAL(cert_issued_to(leaf), "OMENT-310");
    CU_ASSERT_STRING_EQUAL(cert_issued_by(leaf), "CA1-Inter");
    CU_ASSERT_STRING_EQUAL(leaf->subject_text, "CN=OMENT-310, O=Example");
    CU_ASSERT_EQUAL(leaf->not_before.form, FORM_UTC);
    CU_ASSERT_EQUAL(leaf->eku, EKU_SERVER_AUTH | EKU_CLIENT_AUTH);
    CU_ASSERT_EQUAL(leaf->ku, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
    CU_ASSERT_TRUE(leaf->has_basic && !leaf->ca && leaf->has_ski && leaf->has_aki);
    CU_ASSERT_TRUE(span_equal(leaf->aki, chain.cert[1].ski));
    CU_ASSERT_EQUAL(leaf->signed_with, SIGNATURE_ECDSA_SHA2);
    CU_ASSERT_TRUE(chain_root(&chain)->ca);
    CU_ASSERT_TRUE(cert_is_self_issued(chain_root(&chain)));
    CU_ASSERT_FALSE(cert_is_self_issued(leaf));
}

/* How these bytes fail, E_NONE when they are a certificate. */
static enum msg outcome(const unsigned char *at, size_t n)
{
    scoped(cert_clear) struct cert cert = {0};
    struct error err = {0};

    return cert_parse(&cert, span_of(at, n), &err) ? E_NONE : err.msg;
}

static void every_shortened_certificate_is_refused(void)
{
    scoped(chain_clear) struct chain chain = {0};
    const struct buf *der;

    case_chain(&chain, "good-ec-under-root");
    der = &chain_leaf(&chain)->der;
    CU_ASSERT_EQUAL(outcome(der->at, der->n), E_NONE);
    for (size_t n = 0; n < der->n; n++)
        CU_ASSERT_EQUAL(outcome(der->at, n), E_CERT_DER);
}

/* The leaf of good-ec-under-root with the byte behind a pattern changed. */
static enum msg with_byte(const char *pattern, size_t n, size_t at, unsigned char value)
{
    scoped(chain_clear) struct chain chain = {0};
    struct buf *der;
    unsigned char *where;

    case_chain(&chain, "good-ec-under-root");
    der = &chain.cert[0].der;
    where = memmem(der->at, der->n, pattern, n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(where);
    where[at] = value;
    return outcome(der->at, der->n);
}

static void a_version_that_is_none_is_refused(void)
{
    CU_ASSERT_EQUAL(with_byte("\xa0\x03\x02\x01\x02", 5, 4, 3), E_CERT_VERSION);
    CU_ASSERT_EQUAL(with_byte("\xa0\x03\x02\x01\x02", 5, 4, 0), E_CERT_VERSION);
    CU_ASSERT_EQUAL(with_byte("\xa0\x03\x02\x01\x02", 5, 4, 1), E_CERT_VERSION);
}

static void a_serial_number_is_positive(void)
{
    CU_ASSERT_EQUAL(with_byte("\xa0\x03\x02\x01\x02\x02\x08", 7, 7, 0x80), E_CERT_SERIAL);
}

static void two_signature_algorithms_are_refused(void)
{
    CU_ASSERT_EQUAL(with_byte("\x2a\x86\x48\xce\x3d\x04\x03\x02", 8, 7, 3),
                    E_CERT_ALGORITHMS);
}

static void a_certificate_has_a_ceiling(void)
{
    static const unsigned char much[CERT_DER_MAX + 1];

    CU_ASSERT_EQUAL(outcome(much, sizeof(much)), E_CERT_LARGE);
}

static void deceiving_common_names_are_noticed(void)
{
    scoped(chain_clear) struct chain nul = {0}, two = {0}, star = {0}, none = {0};

    case_chain(&nul, "common-name-nul");
    CU_ASSERT_TRUE(chain_leaf(&nul)->cn_has_nul);
    CU_ASSERT_STRING_EQUAL(chain_leaf(&nul)->cn, "oment-310.example.test\\u{0}.evil.test");
    case_chain(&two, "common-name-two");
    CU_ASSERT_EQUAL(chain_leaf(&two)->cn_count, 2);
    case_chain(&star, "common-name-wildcard-inside");
    CU_ASSERT_TRUE(chain_leaf(&star)->cn_has_wildcard);
    case_chain(&none, "common-name-absent");
    CU_ASSERT_EQUAL(chain_leaf(&none)->cn_count, 0);
    CU_ASSERT_STRING_EQUAL(cert_issued_to(chain_leaf(&none)), "OU=OMENT-310, O=Example");
}

static void what_is_written_reads_back(void)
{
    scoped(chain_clear) struct chain chain = {0}, again = {0};
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_FILE_MAX);
    struct error err = {0};

    case_chain(&chain, "good");
    CU_ASSERT_TRUE(cert_to_pem(&pem, chain_leaf(&chain), &err));
    CU_ASSERT_TRUE(chain_parse(&again, buf_span(&pem), &err));
    CU_ASSERT_TRUE(digest_equal(&again.cert[0].sha256, &chain.cert[0].sha256));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_facts_of_a_certificate_are_read),
        TEST(every_shortened_certificate_is_refused),
        TEST(a_version_that_is_none_is_refused),
        TEST(a_serial_number_is_positive),
        TEST(two_signature_algorithms_are_refused),
        TEST(a_certificate_has_a_ceiling),
        TEST(deceiving_common_names_are_noticed),
        TEST(what_is_written_reads_back),
    };

    return run_tests("cert", tests, COUNT(tests));
}
