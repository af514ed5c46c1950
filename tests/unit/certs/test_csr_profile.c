/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/csr.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define SRV EKU_SERVER_AUTH
#define CLI EKU_CLIENT_AUTH
#define IPSEC EKU_IPSEC_END_SYSTEM
#define DS KU_DIGITAL_SIGNATURE
#define KE KU_KEY_ENCIPHERMENT
#define DE KU_DATA_ENCIPHERMENT
#define KCS KU_KEY_CERT_SIGN
#define KA KU_KEY_AGREEMENT

#define OWN_ROWS 3 /* migration, server, client */

/* Document 004, tables 1 and 2, once more and by hand. */
static const struct {
    const char *name;
    bool several;
    unsigned eku, ku;
} rows[] = {
    {"CallManager", true, SRV | CLI, DS | KE | DE},
    {"CallManager-ECDSA", true, SRV | CLI, DS | KE | DE},
    {"CAPF", false, SRV, DS | KE | KCS},
    {"ipsec", false, SRV | CLI | IPSEC, DS | KE | DE},
    {"tomcat", true, SRV | CLI, DS | KE | DE},
    {"tomcat-ECDSA", true, SRV | CLI, DS | KE | DE},
    {"TVS", false, SRV | CLI, DS | KE | DE},
    {"cup", false, SRV | CLI | IPSEC, DS | KE | DE | KA},
    {"cup-ECDSA", false, SRV | CLI | IPSEC, DS | KE | DE | KA},
    {"cup-xmpp", true, SRV | CLI | IPSEC, DS | KE | DE | KA},
    {"cup-xmpp-ECDSA", true, SRV | CLI | IPSEC, DS | KE | DE | KA},
    {"cup-xmpp-s2s", true, SRV | CLI | IPSEC, DS | KE | DE | KA},
    {"cup-xmpp-s2s-ECDSA", true, SRV | CLI | IPSEC, DS | KE | DE | KA},
};

static void every_row_is_that_of_the_document(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct csr_profile *profile = NULL;
        struct error err = {0};

        CU_ASSERT_FATAL(csr_profile_named(&profile, rows[i].name, &err));
        CU_ASSERT_EQUAL(profile->multi_server, rows[i].several);
        CU_ASSERT_EQUAL(profile->eku, rows[i].eku);
        CU_ASSERT_EQUAL(profile->ku_rsa, rows[i].ku);
        CU_ASSERT_EQUAL(profile->ku_other, rows[i].ku);
        CU_ASSERT_EQUAL(profile->ecdsa, text_ends(rows[i].name, "-ECDSA"));
        CU_ASSERT_EQUAL(profile->ca, text_equal(rows[i].name, "CAPF"));
        CU_ASSERT_PTR_EQUAL(profile, csr_profile_at(i + OWN_ROWS));
    }
    CU_ASSERT_PTR_NULL(csr_profile_at(COUNT(rows) + OWN_ROWS));
}

static enum msg allowed(const char *purpose, enum key_kind kind, const char *const *san,
                        size_t n)
{
    struct csr_wish wish = {.common_name = "a.example.com", .san = san, .sans = n};
    struct error err = {0};

    CU_ASSERT_FATAL(csr_profile_named(&wish.profile, purpose, &err));
    return csr_profile_allows(&wish, kind, &err) ? E_NONE : err.msg;
}

static void an_ecdsa_purpose_has_an_ec_key(void)
{
    CU_ASSERT_EQUAL(allowed("cup-ECDSA", KEY_EC_P384, NULL, 0), E_NONE);
    CU_ASSERT_EQUAL(allowed("cup-ECDSA", KEY_RSA, NULL, 0), E_CSR_KEY_KIND);
    CU_ASSERT_EQUAL(allowed("cup-ECDSA", KEY_ED25519, NULL, 0), E_CSR_KEY_KIND);
    CU_ASSERT_EQUAL(allowed("cup", KEY_EC_P256, NULL, 0), E_NONE);
}

static void one_server_may_have_addresses_but_one_name(void)
{
    static const char *const one[] = {"DNS:a.example.com", "IP:192.0.2.1", "2001:db8::1",
                                      "email:a@example.com", "URI:x:y"};
    static const char *const two[] = {"a.example.com", "DNS:b.example.com"};

    CU_ASSERT_EQUAL(allowed("TVS", KEY_RSA, one, COUNT(one)), E_NONE);
    CU_ASSERT_EQUAL(allowed("TVS", KEY_RSA, two, COUNT(two)), E_CSR_MULTI_SERVER);
    CU_ASSERT_EQUAL(allowed("tomcat", KEY_RSA, two, COUNT(two)), E_NONE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_row_is_that_of_the_document),
        TEST(an_ecdsa_purpose_has_an_ec_key),
        TEST(one_server_may_have_addresses_but_one_name),
    };

    return run_tests("csr_profile", tests, COUNT(tests));
}
