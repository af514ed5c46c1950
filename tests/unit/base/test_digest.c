/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static bool digest_is(enum digest_kind kind, const char *text, const char *hex)
{
    struct digest digest;
    char found[DIGEST_HEX];

    digest_of(&digest, kind, span_text(text));
    digest_hex(found, &digest);
    return text_equal(found, hex);
}

static void sha256_gives_the_vectors_of_fips_180(void)
{
    CU_ASSERT(
        digest_is(DIGEST_SHA256, "abc",
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    CU_ASSERT(
        digest_is(DIGEST_SHA256, "",
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

static void blake3_gives_its_published_vectors(void)
{
    CU_ASSERT(
        digest_is(DIGEST_BLAKE3, "",
                  "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"));
    CU_ASSERT(
        digest_is(DIGEST_BLAKE3, "abc",
                  "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"));
}

static void pieces_give_the_same_digest_as_the_whole(void)
{
    static const enum digest_kind kinds[] = {DIGEST_SHA256, DIGEST_BLAKE3};
    unsigned char *bytes = mem_zeroed(100000, 1);

    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct digest_run run;
        struct digest whole, pieces;

        digest_of(&whole, kinds[k], span_of(bytes, 100000));
        digest_begin(&run, kinds[k]);
        for (size_t at = 0; at < 100000; at += 777)
            digest_add(&run, span_head(span_after(span_of(bytes, 100000), at), 777));
        digest_end(&run, &pieces);
        CU_ASSERT(digest_equal(&whole, &pieces));
    }
    mem_free(bytes);
}

static void a_digest_reads_back_from_its_hexadecimal_only(void)
{
    struct digest digest, back;
    char hex[DIGEST_HEX + 1];

    digest_of(&digest, DIGEST_SHA256, span_text("x"));
    digest_hex(hex, &digest);
    CU_ASSERT(digest_from_hex(&back, hex) && digest_equal(&digest, &back));
    hex[3] = 'g';
    CU_ASSERT_FALSE(digest_from_hex(&back, hex));
    CU_ASSERT_FALSE(digest_from_hex(&back, "ab"));
}

static void secrets_of_other_lengths_differ(void)
{
    CU_ASSERT(digest_same_secret(span_text("abc"), span_text("abc")));
    CU_ASSERT_FALSE(digest_same_secret(span_text("abc"), span_text("abd")));
    CU_ASSERT_FALSE(digest_same_secret(span_text("abc"), span_text("ab")));
}

static void random_bytes_are_not_the_same_twice(void)
{
    unsigned char a[32] = {0}, b[32] = {0};
    struct error err = {0};

    CU_ASSERT(random_fill(a, sizeof(a), &err) && random_fill(b, sizeof(b), &err));
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
}

static void kinds_have_names(void)
{
    enum digest_kind kind;

    CU_ASSERT(digest_named(&kind, "blake3") && kind == DIGEST_BLAKE3);
    CU_ASSERT(digest_named(&kind, "sha256") && kind == DIGEST_SHA256);
    CU_ASSERT_FALSE(digest_named(&kind, "md5"));
}

static void keyed_digests_give_the_vectors_of_rfc_4231(void)
{
    struct digest digest;
    char hex[DIGEST_HEX];

    digest_keyed(&digest, span_text("Jefe"), span_text("what do ya want for nothing?"));
    digest_hex(hex, &digest);
    CU_ASSERT_STRING_EQUAL(
        hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void derived_keys_give_the_vectors_of_rfc_5869(void)
{
    scoped(buf_clear) struct buf secret = buf_upto(64);
    scoped(buf_clear) struct buf salt = buf_upto(64);
    scoped(buf_clear) struct buf info = buf_upto(64);
    struct error err = {0};
    unsigned char out[42];
    char hex[2 * sizeof(out) + 1];

    CU_ASSERT(text_unhex(&secret, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", &err));
    CU_ASSERT(text_unhex(&salt, "000102030405060708090a0b0c", &err));
    CU_ASSERT(text_unhex(&info, "f0f1f2f3f4f5f6f7f8f9", &err));
    digest_derive(out, sizeof(out), buf_span(&secret), buf_span(&salt), buf_span(&info));
    text_hex(hex, span_of(out, sizeof(out)));
    CU_ASSERT_STRING_EQUAL(hex,
                           "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5"
                           "bf34007208d5b887185865");
}

int main(void)
{
    static const struct test tests[] = {
        TEST(sha256_gives_the_vectors_of_fips_180),
        TEST(blake3_gives_its_published_vectors),
        TEST(pieces_give_the_same_digest_as_the_whole),
        TEST(a_digest_reads_back_from_its_hexadecimal_only),
        TEST(secrets_of_other_lengths_differ),
        TEST(random_bytes_are_not_the_same_twice),
        TEST(kinds_have_names),
        TEST(keyed_digests_give_the_vectors_of_rfc_4231),
        TEST(derived_keys_give_the_vectors_of_rfc_5869),
    };

    return run_tests("digest", tests, COUNT(tests));
}
