/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/sealed.h"

#include "certs/ca.h"
#include "certs/identity.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static struct span words(void)
{
    return span_text("correct horse");
}

static void every_kind_of_key_is_sealed_and_openssl_reads_it(void)
{
    static const enum key_choice choices[] = {KEY_CHOICE_EC, KEY_CHOICE_P521,
                                              KEY_CHOICE_RSA2048, KEY_CHOICE_ED25519};
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    for (size_t i = 0; i < COUNT(choices); i++) {
        scoped(key_clear) struct key key = key_none(), again = key_none();
        scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
        struct error err = {0}, wrong = {0};

        CU_ASSERT_FATAL(key_make(&key, choices[i], &err));
        CU_ASSERT_FATAL(key_seal(&pem, &key, words(), &err) && buf_terminate(&pem, &err));
        CU_ASSERT(key_is_sealed(buf_span(&pem)));
        CU_ASSERT_FALSE(key_unseal(&again, buf_span(&pem), span_text("wrong"), &wrong));
        CU_ASSERT_EQUAL(wrong.msg, E_PASSPHRASE);
        CU_ASSERT_FATAL(key_unseal(&again, buf_span(&pem), words(), &err));
        CU_ASSERT(span_equal(buf_span(&again.der), buf_span(&key.der)));
        scratch_write(&scratch, "k", (const char *)pem.at);
        CU_ASSERT(scratch_shell(&scratch, "openssl pkey -in k -passin pass:'correct horse'"
                                          " -check -noout"));
    }
}

static void keys_of_openssl_are_unsealed(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    char text[KEY_PEM_MAX];

    scratch_make(&scratch);
    for (int i = 0; i < 2; i++) {
        scoped(key_clear) struct key key = key_none();
        struct error err = {0};

        CU_ASSERT_FATAL(scratch_shell(
            &scratch, i == 0 ? "openssl genpkey -algorithm EC -pkeyopt "
                               "ec_paramgen_curve:P-256 -aes256 -pass pass:'correct horse' "
                               "-out k"
                             : "openssl genpkey -algorithm ED25519 -aes-128-cbc "
                               "-pass pass:'correct horse' -out k"));
        scratch_read(text, sizeof(text), &scratch, "k");
        CU_ASSERT(key_unseal(&key, span_text(text), words(), &err));
    }
}

static void a_short_passphrase_seals_nothing(void)
{
    scoped(key_clear) struct key key = key_none();
    scoped(buf_clear) struct buf pem = buf_upto(KEY_PEM_MAX);
    struct error err = {0};

    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FALSE(key_seal(&pem, &key, span_text("1234567"), &err));
    CU_ASSERT_EQUAL(err.msg, E_PASSPHRASE_FORM);
}

static void the_first_line_of_a_private_file_is_the_passphrase(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(buf_clear) struct buf line = buf_upto(PASSPHRASE_MAX),
                                 none = buf_upto(PASSPHRASE_MAX),
                                 open = buf_upto(PASSPHRASE_MAX);
    struct error err = {0}, empty = {0}, others = {0};

    scratch_make(&scratch);
    scratch_write(&scratch, "p", "correct horse\r\nnot this\n");
    CU_ASSERT_FATAL(passphrase_read(&line, scratch.fd, "p", &err));
    CU_ASSERT(span_equal(buf_span(&line), words()));
    scratch_write(&scratch, "p", "\n");
    CU_ASSERT_FALSE(passphrase_read(&none, scratch.fd, "p", &empty));
    CU_ASSERT_EQUAL(empty.msg, E_PASSPHRASE_FORM);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "chmod 640 p"));
    CU_ASSERT_FALSE(passphrase_read(&open, scratch.fd, "p", &others));
    CU_ASSERT_EQUAL(others.msg, E_SECRET_OPEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(others.about, "chmod 600 '/"));
}

static enum msg loads(const struct scratch *scratch)
{
    scoped(identity_clear) struct identity identity = {0};
    struct error err = {0};

    return identity_load(&identity, scratch->fd, true, &err) ? E_NONE : err.msg;
}

static void all_keys_are_converted_there_and_back(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    char path[PATH_MAX + 8];
    bool on = true;
    struct error err = {0}, other = {0};
    size_t n = 0;

    scratch_make(&scratch);
    for (int i = 0; i < 2; i++) {
        scoped(key_clear) struct key key = key_none();
        scoped(chain_clear) struct chain chain = {0};
        unsigned number = 0;

        CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
        CU_ASSERT_FATAL(ca_self_sign(&chain, &key, "a.example.com", AT_NOON, &err));
        CU_ASSERT_FATAL(identity_install(&number, scratch.fd, &key, &chain,
                                         IDENTITY_SELF_SIGNED, "a test", &err));
    }
    scratch_write(&scratch, "p", "correct horse\n");
    scratch_write(&scratch, "q", "another one\n");
    snprintf(path, sizeof(path), "%s/p", scratch.path);
    CU_ASSERT_FATAL(sealed_convert(&n, scratch.fd, path, &err));
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT(scratch_shell(&scratch, "! grep -r 'BEGIN PRIVATE' identity"));
    CU_ASSERT_EQUAL(loads(&scratch), E_NONE);
    path[strlen(path) - 1] = 'q';
    CU_ASSERT_FALSE(sealed_convert(&n, scratch.fd, path, &other));
    CU_ASSERT_EQUAL(other.msg, E_KEY_SEALED_ALREADY);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mv p p2"));
    CU_ASSERT_EQUAL(loads(&scratch), E_KEY_SEALED);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "cp q p"));
    CU_ASSERT_EQUAL(loads(&scratch), E_PASSPHRASE);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mv p2 p"));
    CU_ASSERT_FATAL(sealed_convert(&n, scratch.fd, NULL, &err));
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT(sealed_is_on(&on, scratch.fd, &err));
    CU_ASSERT_FALSE(on);
    CU_ASSERT_EQUAL(loads(&scratch), E_NONE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_kind_of_key_is_sealed_and_openssl_reads_it),
        TEST(keys_of_openssl_are_unsealed),
        TEST(a_short_passphrase_seals_nothing),
        TEST(the_first_line_of_a_private_file_is_the_passphrase),
        TEST(all_keys_are_converted_there_and_back),
    };

    return run_tests("sealed", tests, COUNT(tests));
}
