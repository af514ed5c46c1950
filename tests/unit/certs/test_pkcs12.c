/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/pkcs12.h"

#include "base/fs.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

#define MAKE                                                                                 \
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c " \
    "-subj /CN=x.example.com && openssl pkcs12 -export -inkey k -in c -passout pass:secret "

static enum msg read_as(const char *command, struct span passphrase)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(buf_clear) struct buf file = buf_upto(PKCS12_MAX);
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, command));
    CU_ASSERT_FATAL(fs_read_at(&file, scratch.fd, "p", &err));
    if (!pkcs12_read(&key, &chain, buf_span(&file), passphrase, &err))
        return err.msg;
    CU_ASSERT(span_equal(buf_span(&key.spki), chain_leaf(&chain)->spki));
    return E_NONE;
}

static void the_files_of_openssl_are_read(void)
{
    CU_ASSERT_EQUAL(read_as(MAKE "-out p", span_text("secret")), E_NONE);
    CU_ASSERT_EQUAL(read_as(MAKE "-certfile c -out p", span_text("secret")), E_NONE);
    CU_ASSERT_EQUAL(read_as(MAKE "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -out p",
                            span_text("secret")),
                    E_NONE);
}

static void what_cannot_be_read_says_why(void)
{
    CU_ASSERT_EQUAL(read_as(MAKE "-out p", span_text("wrong")), E_PASSPHRASE);
    CU_ASSERT_EQUAL(read_as(MAKE "-out p", span_text("sécret")), E_PASSPHRASE);
    CU_ASSERT_EQUAL(read_as(MAKE "-out p", span_text("s\xe9"
                                                     "cret")),
                    E_PKCS12);
    CU_ASSERT_EQUAL(read_as(MAKE "-nokeys -out p", span_text("secret")), E_PKCS12);
    CU_ASSERT_EQUAL(read_as(": >p", span_text("secret")), E_PKCS12);
    CU_ASSERT_EQUAL(read_as("head -c 2000 /dev/urandom >p", span_text("secret")), E_PKCS12);
    CU_ASSERT_EQUAL(read_as(MAKE "| head -c 300 >p", span_text("secret")), E_PKCS12);
}

#define MAKE_AS(passphrase)                                                                  \
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c " \
    "-subj /CN=x.example.com && printf '%s\\n' '" passphrase "' > w &&"                      \
    "openssl pkcs12 -export -inkey k -in c -passout file:w -out p "

/* Latin-1, beyond it, and beyond the first plane. */
static void passphrases_are_text(void)
{
    static const char *const words[] = {"mot de passé", "пароль", "合言葉", "a😀b"};

    CU_ASSERT_EQUAL(read_as(MAKE_AS("mot de passé"), span_text(words[0])), E_NONE);
    CU_ASSERT_EQUAL(read_as(MAKE_AS("пароль"), span_text(words[1])), E_NONE);
    CU_ASSERT_EQUAL(read_as(MAKE_AS("合言葉"), span_text(words[2])), E_NONE);
    CU_ASSERT_EQUAL(read_as(MAKE_AS("a😀b"), span_text(words[3])), E_NONE);
    CU_ASSERT_EQUAL(read_as(MAKE_AS("пароль") "-macalg sha512", span_text(words[1])),
                    E_NONE);
    CU_ASSERT_EQUAL(read_as(MAKE_AS("пароль") "-macalg sha1", span_text(words[1])), E_NONE);
    CU_ASSERT_EQUAL(read_as(MAKE_AS("пароль"), span_text(words[0])), E_PASSPHRASE);
    CU_ASSERT_EQUAL(read_as(MAKE_AS("пароль") "-nomac", span_text(words[1])), E_PKCS12);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_files_of_openssl_are_read),
        TEST(what_cannot_be_read_says_why),
        TEST(passphrases_are_text),
    };

    return run_tests("pkcs12", tests, COUNT(tests));
}
