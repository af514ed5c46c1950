/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/crl.h"

#include "base/fs.h"
#include "certs/chain.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static void read_file(struct buf *out, const char *name)
{
    struct error err = {0};
    char path[256];

    snprintf(path, sizeof(path), TEST_DATA "/crls/%s", name);
    *out = buf_upto(CRL_FILE_MAX);
    CU_ASSERT_TRUE_FATAL(fs_read(out, path, &err));
}

static bool parse(struct crls *out, const char *name, struct error *err)
{
    scoped(buf_clear) struct buf file = {0};

    read_file(&file, name);
    return crls_parse(out, buf_span(&file), err);
}

static void get_chain(struct chain *out, const char *name)
{
    scoped(buf_clear) struct buf file = {0};
    struct error err = {0};

    read_file(&file, name);
    CU_ASSERT_TRUE_FATAL(chain_parse(out, buf_span(&file), &err));
}

/* The list is not read, and this is why. */
static void is_refused(const char *name, enum msg msg, const char *about)
{
    scoped(crls_clear) struct crls crls = {0};
    struct error err = {0};

    CU_ASSERT_FALSE(parse(&crls, name, &err));
    CU_ASSERT_EQUAL(err.msg, msg);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.about, about));
    CU_ASSERT_EQUAL(crls.n, 0);
}

static void a_list_is_read_as_pem_and_as_der(void)
{
    scoped(crls_clear) struct crls crls = {0};
    struct error err = {0};

    CU_ASSERT_TRUE_FATAL(parse(&crls, "revoked.pem", &err));
    CU_ASSERT_TRUE_FATAL(parse(&crls, "revoked.der", &err));
    CU_ASSERT_EQUAL_FATAL(crls.n, 2);
    CU_ASSERT_TRUE(span_equal(buf_span(&crls.item[0].der), buf_span(&crls.item[1].der)));
    CU_ASSERT_EQUAL(crls.item[0].signed_with, SIGNATURE_ECDSA_SHA2);
}

static void what_is_no_list_of_ours_is_refused(void)
{
    is_refused("without-number.pem", E_CRL_FORM, "no cRLNumber");
    is_refused("number-critical.pem", E_CRL_FORM, "marked critical");
    is_refused("version-1.pem", E_CRL_FORM, "version 2");
    is_refused("delta.pem", E_CRL_BEYOND, "2.5.29.27");
    is_refused("unknown-critical.pem", E_CRL_BEYOND, "1.3.6.1.4.1.55738.1");
    is_refused("indirect.pem", E_CRL_BEYOND, "indirect");
    is_refused("some-reasons.pem", E_CRL_BEYOND, "reasons");
    is_refused("chain.pem", E_CRL_FORM, "CERTIFICATE");
}

static void every_cut_is_refused(void)
{
    scoped(buf_clear) struct buf whole = {0};

    read_file(&whole, "revoked.der");
    for (size_t n = 0; n < whole.n; n++) {
        scoped(crl_clear) struct crl crl = {0};
        struct error err = {0};

        CU_ASSERT_FALSE(crl_parse(&crl, span_head(buf_span(&whole), n), &err));
        CU_ASSERT_EQUAL(err.msg, E_CRL_FORM);
    }
}

static void a_list_verifies_under_its_issuer_alone(void)
{
    scoped(crls_clear) struct crls good = {0};
    scoped(crls_clear) struct crls other = {0};
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0};

    get_chain(&chain, "chain.pem");
    CU_ASSERT_TRUE_FATAL(parse(&good, "good.pem", &err));
    CU_ASSERT_TRUE_FATAL(parse(&other, "other-key.pem", &err));
    CU_ASSERT_TRUE(crl_is_signed_by(&good.item[0], chain_root(&chain)));
    CU_ASSERT_FALSE(crl_is_signed_by(&good.item[0], chain_leaf(&chain)));
    CU_ASSERT_FALSE(crl_is_signed_by(&other.item[0], chain_root(&chain)));
}

static void a_revoked_serial_is_found(void)
{
    scoped(crls_clear) struct crls crls = {0};
    scoped(chain_clear) struct chain chain = {0};
    struct cert_time since = {0};
    struct error err = {0};

    get_chain(&chain, "chain.pem");
    CU_ASSERT_TRUE_FATAL(parse(&crls, "revoked.pem", &err));
    CU_ASSERT_TRUE_FATAL(parse(&crls, "good.pem", &err));
    CU_ASSERT_TRUE(crl_revokes(&crls.item[0], chain_leaf(&chain), &since));
    CU_ASSERT_TRUE(since.at > 0);
    CU_ASSERT_FALSE(crl_revokes(&crls.item[0], chain_root(&chain), &since));
    CU_ASSERT_FALSE(crl_revokes(&crls.item[1], chain_leaf(&chain), &since));
}

static void both_ends_of_its_time_belong_to_a_list(void)
{
    scoped(crls_clear) struct crls crls = {0};
    struct error err = {0};

    CU_ASSERT_TRUE_FATAL(parse(&crls, "good.pem", &err));
    CU_ASSERT_TRUE(crl_is_current(&crls.item[0], AT_NOON));
    CU_ASSERT_TRUE(crl_is_current(&crls.item[0], crls.item[0].this_update.at));
    CU_ASSERT_TRUE(crl_is_current(&crls.item[0], crls.item[0].next_update.at));
    CU_ASSERT_FALSE(crl_is_current(&crls.item[0], crls.item[0].this_update.at - 1));
    CU_ASSERT_FALSE(crl_is_current(&crls.item[0], crls.item[0].next_update.at + 1));
}

static void a_list_of_one_kind_covers_that_kind(void)
{
    scoped(crls_clear) struct crls crls = {0};
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0};

    get_chain(&chain, "chain.pem");
    CU_ASSERT_TRUE_FATAL(parse(&crls, "users-only.pem", &err));
    CU_ASSERT_TRUE_FATAL(parse(&crls, "cas-only.pem", &err));
    CU_ASSERT_TRUE_FATAL(parse(&crls, "partial.pem", &err));
    CU_ASSERT_TRUE(crl_covers(&crls.item[0], chain_leaf(&chain)));
    CU_ASSERT_FALSE(crl_covers(&crls.item[0], chain_root(&chain)));
    CU_ASSERT_FALSE(crl_covers(&crls.item[1], chain_leaf(&chain)));
    CU_ASSERT_TRUE(crl_covers(&crls.item[1], chain_root(&chain)));
    CU_ASSERT_TRUE(crls.item[2].is_partial);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_list_is_read_as_pem_and_as_der),
        TEST(what_is_no_list_of_ours_is_refused),
        TEST(every_cut_is_refused),
        TEST(a_list_verifies_under_its_issuer_alone),
        TEST(a_revoked_serial_is_found),
        TEST(both_ends_of_its_time_belong_to_a_list),
        TEST(a_list_of_one_kind_covers_that_kind),
    };

    return run_tests("crl", tests, COUNT(tests));
}
