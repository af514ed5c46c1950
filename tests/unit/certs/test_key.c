/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/key.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {"ec",      "p384",    "p521",   "rsa2048",
                                    "rsa3072", "rsa4096", "ed25519"};

static struct key made(const char *name)
{
    struct key key = key_none();
    enum key_choice choice = KEY_CHOICE_EC;
    struct error err = {0};

    CU_ASSERT_FATAL(key_choice_named(&choice, name, &err));
    CU_ASSERT_FATAL(key_make(&key, choice, &err));
    return key;
}

static void keep(const struct scratch *scratch, const char *name, struct span bytes)
{
    char path[PATH_MAX + 32];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", scratch->path, name);
    file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(bytes.at, 1, bytes.n, file);
    fclose(file);
}

static void keep_pem(const struct scratch *scratch, const char *name, const struct key *key)
{
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    struct error err = {0};

    CU_ASSERT_FATAL(key_to_pem(&pem, key, &err));
    keep(scratch, name, buf_span(&pem));
}

static bool reads(const struct scratch *scratch, const char *name, struct key *out)
{
    char text[KEY_PEM_MAX];
    struct error err = {0};

    scratch_read(text, sizeof(text), scratch, name);
    return key_from_pem(out, span_text(text), &err);
}

static void every_kind_comes_back_from_its_pem(void)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        scoped(key_clear) struct key key = made(kinds[i]);
        scoped(key_clear) struct key again = key_none();
        scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
        struct error err = {0};

        CU_ASSERT_FATAL(key_to_pem(&pem, &key, &err));
        CU_ASSERT_FATAL(key_from_pem(&again, buf_span(&pem), &err));
        CU_ASSERT(span_equal(buf_span(&key.spki), buf_span(&again.spki)));
        CU_ASSERT_EQUAL(key.kind, again.kind);
        CU_ASSERT_EQUAL(key.bits, again.bits);
    }
}

static void a_signature_verifies_and_no_other_does(void)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        scoped(key_clear) struct key key = made(kinds[i]);
        scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
        const struct span spki = buf_span(&key.spki);
        struct error err = {0};

        CU_ASSERT_FATAL(key_sign(&signature, &key, span_text("yes"), &err));
        CU_ASSERT(key_verifies(spki, span_text("yes"), buf_span(&signature)));
        CU_ASSERT_FALSE(key_verifies(spki, span_text("no"), buf_span(&signature)));
        signature.at[signature.n / 2] ^= 1;
        CU_ASSERT_FALSE(key_verifies(spki, span_text("yes"), buf_span(&signature)));
        CU_ASSERT_FALSE(key_verifies(spki, span_text("yes"), span_text("")));
    }
}

static void another_key_does_not_verify(void)
{
    scoped(key_clear) struct key key = made("ec");
    scoped(key_clear) struct key other = made("ec");
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct error err = {0};

    CU_ASSERT_FATAL(key_sign(&signature, &key, span_text("yes"), &err));
    CU_ASSERT_FALSE(
        key_verifies(buf_span(&other.spki), span_text("yes"), buf_span(&signature)));
}

/* openssl judges our keys and signatures, in the schemes of design 5. */
static void openssl_verifies(const char *kind, const char *command)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(key_clear) struct key key = made(kind);
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct error err = {0};

    scratch_make(&scratch);
    keep_pem(&scratch, "key.pem", &key);
    keep(&scratch, "message", span_text("the message"));
    CU_ASSERT_FATAL(key_sign(&signature, &key, span_text("the message"), &err));
    keep(&scratch, "signature", buf_span(&signature));
    CU_ASSERT(scratch_shell(&scratch, "openssl pkey -check -noout -in key.pem"));
    CU_ASSERT(scratch_shell(&scratch, "openssl pkey -in key.pem -pubout -out public.pem"));
    CU_ASSERT(scratch_shell(&scratch, command));
}

static void openssl_verifies_what_we_sign(void)
{
    openssl_verifies("rsa2048", "openssl dgst -sha256 -sigopt rsa_padding_mode:pss "
                                "-sigopt rsa_pss_saltlen:32 -verify public.pem "
                                "-signature signature message");
    openssl_verifies("ec", "openssl dgst -sha256 -verify public.pem "
                           "-signature signature message");
    openssl_verifies("p384", "openssl dgst -sha384 -verify public.pem "
                             "-signature signature message");
    openssl_verifies("p521", "openssl dgst -sha512 -verify public.pem "
                             "-signature signature message");
    openssl_verifies("ed25519", "openssl pkeyutl -verify -pubin -inkey public.pem -rawin "
                                "-in message -sigfile signature");
}

static void keys_of_openssl_are_read(void)
{
    static const struct {
        const char *make;
        enum key_kind kind;
    } cases[] = {
        {"openssl genrsa -traditional -out k 2048", KEY_RSA},
        {"openssl genrsa -out k 3072", KEY_RSA},
        {"openssl ecparam -name prime256v1 -genkey -out k", KEY_EC_P256},
        {"openssl ecparam -name secp384r1 -genkey -noout -out k", KEY_EC_P384},
        {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out k",
         KEY_EC_P521},
        {"openssl genpkey -algorithm ED25519 -out k", KEY_ED25519},
    };
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(key_clear) struct key key = key_none();
        scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
        struct error err = {0};

        CU_ASSERT_FATAL(scratch_shell(&scratch, cases[i].make));
        CU_ASSERT_FATAL(reads(&scratch, "k", &key));
        CU_ASSERT_EQUAL(key.kind, cases[i].kind);
        CU_ASSERT_FATAL(key_sign(&signature, &key, span_text("m"), &err));
        CU_ASSERT(key_verifies(buf_span(&key.spki), span_text("m"), buf_span(&signature)));
    }
}

static void the_public_half_is_the_one_of_openssl(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        scoped(key_clear) struct key key = made(kinds[i]);

        keep_pem(&scratch, "key.pem", &key);
        keep(&scratch, "ours", buf_span(&key.spki));
        CU_ASSERT(scratch_shell(&scratch, "openssl pkey -in key.pem -pubout -outform DER "
                                          "-out theirs && cmp ours theirs"));
    }
}

static void unusable_keys_are_refused(void)
{
    static const char *const cases[] = {
        "openssl genpkey -algorithm ED448 -out k",
        "openssl ecparam -name secp256k1 -genkey -noout -out k",
        "openssl genrsa -aes128 -passout pass:x -out k 2048",
        "openssl genrsa -traditional -aes128 -passout pass:x -out k 2048",
        "echo nonsense >k",
        ": >k",
        "openssl genrsa 2048 | head -5 >k",
        "openssl genrsa 2048 | sed '3s/./!/' >k",
        "openssl ecparam -name prime256v1 -genkey -param_enc explicit -noout -out k",
    };
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(key_clear) struct key key = key_none();

        CU_ASSERT_FATAL(scratch_shell(&scratch, cases[i]));
        CU_ASSERT_FALSE(reads(&scratch, "k", &key));
    }
}

static void a_public_half_alone_cannot_sign(void)
{
    scoped(key_clear) struct key key = made("ec");
    scoped(key_clear) struct key half = key_none();
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    struct error err = {0};

    CU_ASSERT_FATAL(key_from_spki(&half, buf_span(&key.spki), &err));
    CU_ASSERT_EQUAL(half.kind, KEY_EC_P256);
    CU_ASSERT_FALSE(key_sign(&signature, &half, span_text("m"), &err));
    CU_ASSERT_EQUAL(err.msg, E_KEY_ABSENT);
}

static void bytes_behind_a_public_key_are_refused(void)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        scoped(key_clear) struct key key = made(kinds[i]);
        scoped(key_clear) struct key half = key_none();
        scoped(buf_clear) struct buf longer = buf_upto(KEY_SPKI_MAX);
        struct error err = {0};

        CU_ASSERT_FATAL(buf_add(&longer, buf_span(&key.spki), &err));
        CU_ASSERT_FATAL(buf_add_byte(&longer, 0, &err));
        CU_ASSERT_FALSE(key_from_spki(&half, buf_span(&longer), &err));
        CU_ASSERT_FALSE(
            key_from_spki(&half, span_head(buf_span(&key.spki), key.spki.n - 1), &err));
    }
}

static void a_raw_hash_has_the_length_it_says(void)
{
    scoped(key_clear) struct key key = made("ec");
    scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
    unsigned char hash[32] = {1};
    struct error err = {0};

    CU_ASSERT(key_sign_raw(&signature, &key, RAW_ECDSA, 256, span_of(hash, 32), &err));
    CU_ASSERT_FALSE(
        key_sign_raw(&signature, &key, RAW_ECDSA, 384, span_of(hash, 32), &err));
    CU_ASSERT_FALSE(
        key_sign_raw(&signature, &key, RAW_RSA_PSS, 256, span_of(hash, 32), &err));
}

static void the_old_form_of_encryption_is_named(void)
{
    static const char pem[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                              "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
                              "AAAA\n-----END RSA PRIVATE KEY-----\n";
    scoped(key_clear) struct key key = key_none();
    struct error err = {0};

    CU_ASSERT_FALSE(key_from_pem(&key, span_text(pem), &err));
    CU_ASSERT_EQUAL(err.msg, E_KEY_FORM);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.about, "openssl pkcs8 -topk8"));
}

static void an_unknown_choice_is_named(void)
{
    enum key_choice choice = KEY_CHOICE_EC;
    struct error err = {0};

    CU_ASSERT_FALSE(key_choice_named(&choice, "dsa", &err));
    CU_ASSERT_EQUAL(err.msg, E_KEY_CHOICE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_kind_comes_back_from_its_pem),
        TEST(a_signature_verifies_and_no_other_does),
        TEST(another_key_does_not_verify),
        TEST(openssl_verifies_what_we_sign),
        TEST(keys_of_openssl_are_read),
        TEST(the_public_half_is_the_one_of_openssl),
        TEST(unusable_keys_are_refused),
        TEST(a_public_half_alone_cannot_sign),
        TEST(bytes_behind_a_public_key_are_refused),
        TEST(a_raw_hash_has_the_length_it_says),
        TEST(the_old_form_of_encryption_is_named),
        TEST(an_unknown_choice_is_named),
    };

    return run_tests("key", tests, COUNT(tests));
}
