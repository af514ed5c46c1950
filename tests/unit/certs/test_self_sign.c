/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/ca.h"
#include "certs/self_sign.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

static enum msg signs(struct chain *out, enum key_choice choice,
                      const struct self_sign *wish)
{
    scoped(key_clear) struct key key = key_none();
    struct error err = {0};

    CU_ASSERT_FATAL(key_make(&key, choice, &err));
    CU_ASSERT_EQUAL(self_sign(out, &key, wish, &err), err.msg == E_NONE);
    if (err.msg == E_NONE)
        CU_ASSERT(span_equal(chain_leaf(out)->spki, buf_span(&key.spki)));
    return err.msg;
}

static void it_is_a_leaf_for_both_uses_signed_by_itself(void)
{
    static const enum key_choice choices[] = {KEY_CHOICE_EC, KEY_CHOICE_RSA2048,
                                              KEY_CHOICE_ED25519};
    const struct self_sign wish = {.name = "node.example.com", .days = 90, .now = AT_NOON};

    for (size_t i = 0; i < COUNT(choices); i++) {
        scoped(chain_clear) struct chain chain = {0};
        const struct cert *leaf;

        CU_ASSERT_EQUAL_FATAL(signs(&chain, choices[i], &wish), E_NONE);
        leaf = chain_leaf(&chain);
        CU_ASSERT_EQUAL(chain.n, 1);
        CU_ASSERT_FALSE(leaf->ca);
        CU_ASSERT_EQUAL(leaf->eku, EKU_SERVER_AUTH | EKU_CLIENT_AUTH);
        CU_ASSERT(cert_is_self_issued(leaf) && cert_is_signed_by(leaf, leaf));
        CU_ASSERT_STRING_EQUAL(cert_issued_to(leaf), "node.example.com");
    }
}

static void it_begins_ten_minutes_ago_and_lasts_its_days(void)
{
    scoped(chain_clear) struct chain chain = {0};
    const struct self_sign wish = {.name = "node.example.com", .days = 7, .now = AT_NOON};

    CU_ASSERT_EQUAL_FATAL(signs(&chain, KEY_CHOICE_EC, &wish), E_NONE);
    CU_ASSERT_EQUAL(chain_leaf(&chain)->not_before.at, AT_NOON - CA_PREDATE_SECONDS);
    CU_ASSERT_EQUAL(chain_leaf(&chain)->not_after.at / 86400, AT_NOON / 86400 + 7);
}

/* dNSName a.example, and the common name is not one of them. */
static void names_are_those_that_were_given(void)
{
    static const unsigned char san[] = {0x82, 9,   'a', '.', 'e', 'x',
                                        'a',  'm', 'p', 'l', 'e'};
    scoped(chain_clear) struct chain given = {0}, alone = {0};
    struct self_sign wish = {.name = "node.example.com", .days = 7, .now = AT_NOON};
    char names[CERT_TEXT_MAX];

    CU_ASSERT_EQUAL_FATAL(signs(&alone, KEY_CHOICE_EC, &wish), E_NONE);
    cert_san_text(names, sizeof(names), chain_leaf(&alone));
    CU_ASSERT_STRING_EQUAL(names, "node.example.com");
    wish.san = span_of(san, sizeof(san));
    CU_ASSERT_EQUAL_FATAL(signs(&given, KEY_CHOICE_EC, &wish), E_NONE);
    cert_san_text(names, sizeof(names), chain_leaf(&given));
    CU_ASSERT_STRING_EQUAL(names, "a.example");
}

int main(void)
{
    static const struct test tests[] = {
        TEST(it_is_a_leaf_for_both_uses_signed_by_itself),
        TEST(it_begins_ten_minutes_ago_and_lasts_its_days),
        TEST(names_are_those_that_were_given),
    };

    return run_tests("self_sign", tests, COUNT(tests));
}
