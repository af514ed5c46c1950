/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/statement.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

static struct key made(enum key_choice choice)
{
    struct key key = key_none();
    struct error err = {0};

    CU_ASSERT_FATAL(key_make(&key, choice, &err));
    return key;
}

static void the_message_is_context_role_and_digest(void)
{
    scoped(buf_clear) struct buf message = buf_upto(128);
    struct digest sha256;
    struct error err = {0};

    digest_of(&sha256, DIGEST_SHA256, span_text("{}"));
    CU_ASSERT_FATAL(
        statement_message(&message, STATEMENT_VERDICT, "source", span_text("{}"), &err));
    CU_ASSERT_EQUAL_FATAL(message.n, 20 + 6 + 32);
    CU_ASSERT(memcmp(message.at, "pairgate verdict v1\0source", 26) == 0);
    CU_ASSERT(memcmp(message.at + 26, sha256.byte, 32) == 0);
}

static void a_statement_verifies_as_what_it_is_alone(void)
{
    static const enum key_choice choices[] = {KEY_CHOICE_EC, KEY_CHOICE_RSA2048,
                                              KEY_CHOICE_ED25519};

    for (size_t i = 0; i < COUNT(choices); i++) {
        scoped(key_clear) struct key key = made(choices[i]);
        scoped(buf_clear) struct buf signature = buf_upto(KEY_SIGNATURE_MAX);
        const struct span spki = buf_span(&key.spki), body = span_text("{\"a\":1}");
        struct error err = {0};

        CU_ASSERT_FATAL(
            statement_sign(&signature, &key, STATEMENT_RECEIPT, "target", body, &err));
        CU_ASSERT(statement_verifies(spki, STATEMENT_RECEIPT, "target", body,
                                     buf_span(&signature)));
        CU_ASSERT_FALSE(statement_verifies(spki, STATEMENT_FREEZE, "target", body,
                                           buf_span(&signature)));
        CU_ASSERT_FALSE(statement_verifies(spki, STATEMENT_RECEIPT, "source", body,
                                           buf_span(&signature)));
        CU_ASSERT_FALSE(statement_verifies(spki, STATEMENT_RECEIPT, "target",
                                           span_text("{}"), buf_span(&signature)));
    }
}

static void all_contexts_differ(void)
{
    for (int a = 0; a < STATEMENTS; a++) {
        for (int b = 0; b < a; b++) {
            scoped(buf_clear) struct buf one = buf_upto(128);
            scoped(buf_clear) struct buf two = buf_upto(128);
            struct error err = {0};

            CU_ASSERT(statement_message(&one, (enum statement)a, "s", span_text(""), &err));
            CU_ASSERT(statement_message(&two, (enum statement)b, "s", span_text(""), &err));
            CU_ASSERT_FALSE(span_equal(buf_span(&one), buf_span(&two)));
        }
    }
}

static void a_role_is_a_short_word(void)
{
    static const char *const roles[] = {"", "Source", "so urce", "abcdefghijklmnop", "a1"};

    for (size_t i = 0; i < COUNT(roles); i++) {
        scoped(buf_clear) struct buf message = buf_upto(128);
        struct error err = {0};

        CU_ASSERT_FALSE(
            statement_message(&message, STATEMENT_VERDICT, roles[i], span_text(""), &err));
        CU_ASSERT_EQUAL(err.msg, E_STATEMENT_ROLE);
    }
}

static void an_endless_body_is_refused(void)
{
    static const unsigned char body[STATEMENT_BODY_MAX + 1];
    scoped(buf_clear) struct buf message = buf_upto(128);
    struct error err = {0};

    CU_ASSERT_FALSE(statement_message(&message, STATEMENT_VERDICT, "source",
                                      span_of(body, sizeof(body)), &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_message_is_context_role_and_digest),
        TEST(a_statement_verifies_as_what_it_is_alone),
        TEST(all_contexts_differ),
        TEST(a_role_is_a_short_word),
        TEST(an_endless_body_is_refused),
    };

    return run_tests("statement", tests, COUNT(tests));
}
