/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/chain.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

/* Each certificate of the folder verifies under the next, the last under itself. */
static bool each_verifies(const char *name)
{
    scoped(chain_clear) struct chain chain = {0};
    bool good = true;

    case_chain(&chain, name);
    for (size_t i = 0; i < chain.n; i++)
        good =
            cert_is_signed_by(&chain.cert[i], &chain.cert[i + 1 < chain.n ? i + 1 : i]) &&
            good;
    return good;
}

static void every_algorithm_verifies(void)
{
    static const char *const folders[] = {
        "good",           "good-rsa-throughout", "good-rsa-pss-signature",
        "good-p384",      "good-p521",           "good-ed25519",
        "good-sha1-root", "good-rsa-4096",       "algorithm-sha1-leaf"};

    for (size_t i = 0; i < COUNT(folders); i++)
        CU_ASSERT_TRUE(each_verifies(folders[i]));
}

static void a_wrong_signature_does_not(void)
{
    CU_ASSERT_FALSE(each_verifies("signature-of-leaf"));
    CU_ASSERT_FALSE(each_verifies("signature-of-root"));
    CU_ASSERT_FALSE(each_verifies("signature-by-forger"));
    CU_ASSERT_FALSE(each_verifies("signature-over-other-name"));
}

/* Flip one bit of the signature, then of the body, of a folder's leaf. */
static void assert_brittle(const char *name)
{
    scoped(chain_clear) struct chain chain = {0};
    struct cert *leaf;

    case_chain(&chain, name);
    leaf = &chain.cert[0];
    CU_ASSERT_TRUE(cert_is_signed_by(leaf, &chain.cert[1]));
    leaf->der.at[leaf->der.n - 1] ^= 1;
    CU_ASSERT_FALSE(cert_is_signed_by(leaf, &chain.cert[1]));
    leaf->der.at[leaf->der.n - 1] ^= 1;
    leaf->der.at[leaf->serial.at - leaf->der.at] ^= 1;
    CU_ASSERT_FALSE(cert_is_signed_by(leaf, &chain.cert[1]));
}

static void one_bit_breaks_a_signature(void)
{
    assert_brittle("good-ec-3-rungs");
    assert_brittle("good-rsa-throughout");
    assert_brittle("good-rsa-pss-signature");
    assert_brittle("good-ed25519");
}

static void a_key_of_another_kind_verifies_nothing(void)
{
    scoped(chain_clear) struct chain ec = {0}, rsa = {0}, ed = {0}, odd = {0};

    case_chain(&ec, "good-ec-3-rungs");
    case_chain(&rsa, "good-rsa-throughout");
    case_chain(&ed, "good-ed25519");
    case_chain(&odd, "algorithm-secp256k1");
    CU_ASSERT_FALSE(cert_is_signed_by(chain_leaf(&ec), chain_root(&rsa)));
    CU_ASSERT_FALSE(cert_is_signed_by(chain_leaf(&rsa), chain_root(&ed)));
    CU_ASSERT_FALSE(cert_is_signed_by(chain_leaf(&ed), chain_root(&ec)));
    CU_ASSERT_FALSE(cert_is_signed_by(chain_leaf(&ec), chain_leaf(&odd)));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_algorithm_verifies),
        TEST(a_wrong_signature_does_not),
        TEST(one_bit_breaks_a_signature),
        TEST(a_key_of_another_kind_verifies_nothing),
    };

    return run_tests("signature", tests, COUNT(tests));
}
