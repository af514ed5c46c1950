/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/encode.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* What was encoded, in hexadecimal. */
static void expect(struct encoder *encoder, const char *hex)
{
    scoped(buf_clear) struct buf der = buf_upto(1024);
    char text[2049];
    struct error err = {0};

    CU_ASSERT_FATAL(encode_finish(&der, encoder, &err));
    text_hex(text, buf_span(&der));
    CU_ASSERT_STRING_EQUAL(text, hex);
    encoder_clear(encoder);
}

static void integers_are_minimal(void)
{
    static const struct {
        unsigned value;
        const char *hex;
    } cases[] = {{0, "020100"},        {1, "020101"},     {127, "02017f"},
                 {128, "02020080"},    {256, "02020100"}, {32768, "0203008000"},
                 {65535, "020300ffff"}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct encoder encoder = encoder_upto(1024);

        encode_small(&encoder, cases[i].value);
        expect(&encoder, cases[i].hex);
    }
}

static void oids_are_base_128(void)
{
    static const struct {
        const char *dotted, *hex;
    } cases[] = {{"2.5.4.3", "0603550403"},
                 {"1.2.840.113549.1.9.14", "06092a864886f70d01090e"},
                 {"2.999.3", "0603883703"},
                 {"1.3.6.1.4.1.4294967295", "060a2b060104018fffffff7f"}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct encoder encoder = encoder_upto(1024);

        encode_oid(&encoder, cases[i].dotted);
        expect(&encoder, cases[i].hex);
    }
}

static void named_bits_drop_trailing_zeros(void)
{
    static const struct {
        unsigned flags;
        const char *hex;
    } cases[] = {{0, "030100"},
                 {KU_DIGITAL_SIGNATURE, "03020780"},
                 {KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT, "030205a0"},
                 {KU_KEY_CERT_SIGN | KU_CRL_SIGN, "03020106"},
                 {KU_DECIPHER_ONLY, "0303070080"}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct encoder encoder = encoder_upto(1024);

        encode_flags(&encoder, cases[i].flags);
        expect(&encoder, cases[i].hex);
    }
}

static void times_change_their_form_in_2050(void)
{
    static const struct {
        time_t at;
        const char *tag, *text;
    } cases[] = {{0, "170d", "700101000000Z"},
                 {2524607999, "170d", "491231235959Z"},
                 {2524608000, "180f", "20500101000000Z"}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct encoder encoder = encoder_upto(1024);
        char hex[64];

        encode_time(&encoder, cases[i].at);
        text_hex(hex, span_text(cases[i].text));
        memmove(hex + 4, hex, strlen(hex) + 1);
        memcpy(hex, cases[i].tag, 4);
        expect(&encoder, hex);
    }
}

static void long_contents_have_long_lengths(void)
{
    static const struct {
        size_t n;
        unsigned char header[4];
        size_t header_bytes;
    } cases[] = {{127, {0x04, 0x7f}, 2},
                 {128, {0x04, 0x81, 0x80}, 3},
                 {255, {0x04, 0x81, 0xff}, 3},
                 {256, {0x04, 0x82, 0x01, 0x00}, 4}};
    static const unsigned char zeros[256];

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(encoder_clear) struct encoder encoder = encoder_upto(1024);
        scoped(buf_clear) struct buf der = buf_upto(1024);
        struct error err = {0};

        encode_value(&encoder, TAG_OCTET_STRING, span_of(zeros, cases[i].n));
        CU_ASSERT_FATAL(encode_finish(&der, &encoder, &err));
        CU_ASSERT_EQUAL(der.n, cases[i].n + cases[i].header_bytes);
        CU_ASSERT(memcmp(der.at, cases[i].header, cases[i].header_bytes) == 0);
    }
}

static void what_does_not_fit_or_match_fails_at_the_end(void)
{
    scoped(buf_clear) struct buf der = buf_upto(1024);
    scoped(encoder_clear) struct encoder small = encoder_upto(4);
    scoped(encoder_clear) struct encoder open = encoder_upto(64);
    scoped(encoder_clear) struct encoder closed = encoder_upto(64);
    struct error err = {0};

    encode_value(&small, TAG_OCTET_STRING, span_text("too long"));
    CU_ASSERT_FALSE(encode_finish(&der, &small, &err));
    encode_begin(&open, TAG_SEQUENCE);
    CU_ASSERT_FALSE(encode_finish(&der, &open, &err));
    encode_end(&closed);
    CU_ASSERT_FALSE(encode_finish(&der, &closed, &err));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(integers_are_minimal),
        TEST(oids_are_base_128),
        TEST(named_bits_drop_trailing_zeros),
        TEST(times_change_their_form_in_2050),
        TEST(long_contents_have_long_lengths),
        TEST(what_does_not_fit_or_match_fails_at_the_end),
    };

    return run_tests("encode", tests, COUNT(tests));
}
