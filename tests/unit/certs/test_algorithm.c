/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/algorithm.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define BYTES(text) span_of(text, sizeof(text) - 1)

#define RSA_OID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define SHA256 "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define MGF1 "\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA256
/* RSASSA-PSS with SHA-256 and a salt of this many bytes */
#define PSS(salt)                                                                          \
    "\x30\x41" RSA_OID "\x0a\x30\x34\xa0\x0f" SHA256 "\xa1\x1c" MGF1 "\xa2\x03\x02\x01" salt

static struct scheme scheme_of(struct span algorithm)
{
    struct scheme scheme = {0};

    CU_ASSERT_TRUE(scheme_read(&scheme, algorithm));
    return scheme;
}

static void rsa_takes_null_or_no_parameters(void)
{
    struct scheme scheme = scheme_of(BYTES("\x30\x0d" RSA_OID "\x0b\x05\x00"));

    CU_ASSERT_EQUAL(scheme.kind, SIGNATURE_RSA_SHA2);
    CU_ASSERT_EQUAL(scheme.hash, HASH_SHA256);
    CU_ASSERT_EQUAL(scheme_of(BYTES("\x30\x0b" RSA_OID "\x0b")).kind, SIGNATURE_RSA_SHA2);
    CU_ASSERT_EQUAL(scheme_of(BYTES("\x30\x0d" RSA_OID "\x0b\x04\x00")).kind,
                    SIGNATURE_UNKNOWN);
    CU_ASSERT_EQUAL(scheme_of(BYTES("\x30\x0d" RSA_OID "\x04\x05\x00")).kind,
                    SIGNATURE_MD5);
}

static void ecdsa_and_ed25519_take_none(void)
{
    CU_ASSERT_EQUAL(
        scheme_of(BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03")).hash,
        HASH_SHA384);
    CU_ASSERT_EQUAL(
        scheme_of(BYTES("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00")).kind,
        SIGNATURE_UNKNOWN);
    CU_ASSERT_EQUAL(scheme_of(BYTES("\x30\x05\x06\x03\x2b\x65\x70")).kind,
                    SIGNATURE_ED25519);
    CU_ASSERT_EQUAL(scheme_of(BYTES("\x30\x07\x06\x03\x2b\x65\x70\x05\x00")).kind,
                    SIGNATURE_UNKNOWN);
}

static void the_parameters_of_pss_are_read(void)
{
    struct scheme scheme = scheme_of(BYTES(PSS("\x20")));

    CU_ASSERT_EQUAL(scheme.kind, SIGNATURE_RSA_PSS);
    CU_ASSERT_EQUAL(scheme.hash, HASH_SHA256);
    CU_ASSERT_EQUAL(scheme.salt, 32);
    CU_ASSERT_TRUE(scheme.pss);
    CU_ASSERT_EQUAL(scheme_of(BYTES(PSS("\xff"))).kind, SIGNATURE_UNKNOWN);
}

static void pss_by_default_is_sha1(void)
{
    CU_ASSERT_EQUAL(scheme_of(BYTES("\x30\x0d" RSA_OID "\x0a\x30\x00")).kind,
                    SIGNATURE_SHA1);
    CU_ASSERT_EQUAL(scheme_of(BYTES("\x30\x0b" RSA_OID "\x0a")).kind, SIGNATURE_UNKNOWN);
}

static void pss_with_two_digests_is_unknown(void)
{
    /* SHA-256 of the message, and the default mask, which is SHA-1's. */
    CU_ASSERT_EQUAL(scheme_of(BYTES("\x30\x1e" RSA_OID "\x0a\x30\x11\xa0\x0f" SHA256)).kind,
                    SIGNATURE_UNKNOWN);
}

static void what_is_malformed_is_no_algorithm(void)
{
    struct scheme scheme = {0};

    CU_ASSERT_FALSE(scheme_read(&scheme, BYTES("\x30\x00")));
    CU_ASSERT_FALSE(scheme_read(&scheme, BYTES("\x30\x02\x06\x00")));
    CU_ASSERT_FALSE(scheme_read(&scheme, BYTES("\x05\x00")));
}

static void an_algorithm_has_a_name(void)
{
    char text[CERT_TEXT_MAX];

    scheme_text(text, BYTES("\x30\x0d" RSA_OID "\x05\x05\x00"));
    CU_ASSERT_STRING_EQUAL(text, "SHA-1 with RSA");
    scheme_text(text, BYTES("\x30\x05\x06\x03\x2b\x65\x71"));
    CU_ASSERT_STRING_EQUAL(text, "1.3.101.113");
    scheme_text(text, BYTES("\x30\x0d" RSA_OID "\x0a\x30\x00"));
    CU_ASSERT_STRING_EQUAL(text, "RSA-PSS with SHA-1");
    scheme_text(text, BYTES("\x30\x07\x06\x03\x2b\x65\x70\x05\x00"));
    CU_ASSERT_STRING_EQUAL(text, "Ed25519 with unusual parameters");
}

static void keys_are_named_by_kind_and_size(void)
{
    static const struct {
        const char *folder, *name;
        enum key_kind kind;
        unsigned bits;
    } keys[] = {
        {"good-rsa-2048", "RSA-2048", KEY_RSA, 2048},
        {"algorithm-rsa-2040", "RSA-2040", KEY_RSA, 2040},
        {"good-ec-3-rungs", "EC P-256", KEY_EC_P256, 256},
        {"good-p384", "EC P-384", KEY_EC_P384, 384},
        {"good-p521", "EC P-521", KEY_EC_P521, 521},
        {"good-ed25519", "Ed25519", KEY_ED25519, 256},
        {"algorithm-p224", "EC 1.3.132.0.33", KEY_UNKNOWN, 0},
        {"algorithm-explicit-curve", "EC, no named curve", KEY_UNKNOWN, 0},
    };

    for (size_t i = 0; i < COUNT(keys); i++) {
        scoped(chain_clear) struct chain chain = {0};

        case_chain(&chain, keys[i].folder);
        CU_ASSERT_EQUAL(chain_leaf(&chain)->key, keys[i].kind);
        CU_ASSERT_EQUAL(chain_leaf(&chain)->key_bits, keys[i].bits);
        CU_ASSERT_STRING_EQUAL(cert_key_name(chain_leaf(&chain)), keys[i].name);
    }
}

static enum key_kind kind_of(struct span spki)
{
    struct public_key key = {0};

    CU_ASSERT_TRUE(public_key_read(&key, spki));
    return key.kind;
}

static void an_exponent_that_is_none_makes_no_key(void)
{
    /* A modulus of 8 bits and the exponents 3, 1 and 4. */
#define TINY(e)                                                                            \
    "\x30\x1b\x30\x0d" RSA_OID "\x01\x05\x00\x03\x0a\x00\x30\x07\x02\x02\x00\x8f\x02\x01" e

    CU_ASSERT_EQUAL(kind_of(BYTES(TINY("\x03"))), KEY_RSA);
    CU_ASSERT_EQUAL(kind_of(BYTES(TINY("\x01"))), KEY_UNKNOWN);
    CU_ASSERT_EQUAL(kind_of(BYTES(TINY("\x04"))), KEY_UNKNOWN);
}

static void a_compressed_point_is_no_key(void)
{
    CU_ASSERT_EQUAL(
        kind_of(BYTES("\x30\x1a\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86"
                      "\x48\xce\x3d\x03\x01\x07\x03\x03\x00\x02\x01")),
        KEY_UNKNOWN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(rsa_takes_null_or_no_parameters),
        TEST(ecdsa_and_ed25519_take_none),
        TEST(the_parameters_of_pss_are_read),
        TEST(pss_by_default_is_sha1),
        TEST(pss_with_two_digests_is_unknown),
        TEST(what_is_malformed_is_no_algorithm),
        TEST(an_algorithm_has_a_name),
        TEST(keys_are_named_by_kind_and_size),
        TEST(an_exponent_that_is_none_makes_no_key),
        TEST(a_compressed_point_is_no_key),
    };

    return run_tests("algorithm", tests, COUNT(tests));
}
