/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/conform.h"

#include "certs/chain.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

/* What a folder's certificate breaks; E_NONE when it conforms. */
static enum msg fault_of(const char *folder, size_t rung)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};

    case_chain(&chain, folder);
    conform_judge(&report, &chain.cert[rung], rung);
    CU_ASSERT_TRUE(report.n <= 1);
    if (report.n == 0)
        return E_NONE;
    CU_ASSERT_EQUAL(report.item[0].rung, rung);
    return report.item[0].msg;
}

static void a_good_chain_conforms(void)
{
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(fault_of("good", i), E_NONE);
}

/* One certificate with other facts than its own. */
static enum msg fault_with(void (*change)(struct cert *cert), size_t rung)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};

    case_chain(&chain, "good");
    change(&chain.cert[rung]);
    conform_judge(&report, &chain.cert[rung], rung);
    return report.n == 1 ? report.item[0].msg : E_NONE;
}

static void drop_ski(struct cert *cert)
{
    cert->has_ski = false;
    cert->ski = (struct span){0};
}

static void drop_aki(struct cert *cert)
{
    cert->aki = (struct span){0};
}

static void other_aki(struct cert *cert)
{
    cert->aki = span_text("another");
}

static void soft_basic(struct cert *cert)
{
    cert->basic_critical = false;
}

static void cert_sign(struct cert *cert)
{
    cert->ku |= KU_KEY_CERT_SIGN;
}

static void path_length(struct cert *cert)
{
    cert->has_path_length = true;
}

static void no_issuer(struct cert *cert)
{
    cert->issuer = span_of("\x30\x00", 2);
}

static void underscore(struct cert *cert)
{
    cert->san = span_text("\x82\x0a"
                          "a_b.c.test");
}

static void two_signs(struct cert *cert)
{
    cert->san = span_text("\x81\x08"
                          "a@b@c.de");
}

static void dotted_constraint(struct cert *cert)
{
    cert->name_constraints = span_text("\xa0\x09\x30\x07\x82\x05.test");
}

static void each_fault_is_told(void)
{
    CU_ASSERT_EQUAL(fault_with(drop_ski, 1), E_FORM_KEY_ID);
    CU_ASSERT_EQUAL(fault_with(drop_ski, 0), E_NONE);
    CU_ASSERT_EQUAL(fault_with(drop_aki, 0), E_FORM_KEY_ID);
    CU_ASSERT_EQUAL(fault_with(drop_aki, 2), E_NONE);
    CU_ASSERT_EQUAL(fault_with(other_aki, 2), E_FORM_KEY_ID);
    CU_ASSERT_EQUAL(fault_with(other_aki, 1), E_NONE);
    CU_ASSERT_EQUAL(fault_with(soft_basic, 1), E_FORM_CRITICAL);
    CU_ASSERT_EQUAL(fault_with(cert_sign, 0), E_FORM_PLACE);
    CU_ASSERT_EQUAL(fault_with(path_length, 0), E_FORM_PLACE);
    CU_ASSERT_EQUAL(fault_with(no_issuer, 0), E_FORM_NAME);
    CU_ASSERT_EQUAL(fault_with(underscore, 0), E_FORM_NAME);
    CU_ASSERT_EQUAL(fault_with(two_signs, 0), E_FORM_NAME);
    CU_ASSERT_EQUAL(fault_with(dotted_constraint, 1), E_FORM_NAME);
}

/* Extensions as they stand in a certificate: authorityInfoAccess with nothing in it, and a
 * policyConstraints that is not critical. */
static void empty_access(struct cert *cert)
{
    cert->extensions =
        span_of("\x30\x0e\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x01\x04\x02\x30"
                "\x00",
                16);
}

static void soft_policy(struct cert *cert)
{
    cert->extensions =
        span_of("\x30\x0c\x06\x03\x55\x1d\x24\x04\x05\x30\x03\x80\x01\x00", 14);
}

static void extensions_have_their_form(void)
{
    CU_ASSERT_EQUAL(fault_with(empty_access, 0), E_FORM_VALUE);
    CU_ASSERT_EQUAL(fault_with(soft_policy, 1), E_FORM_CRITICAL);
}

static enum msg server_fault(const char *cn, struct span san)
{
    scoped(report_clear) struct report report = {0};
    struct cert cert = {.san = san, .has_san = true};

    snprintf(cert.cn, sizeof(cert.cn), "%s", cn);
    conform_judge_server(&report, &cert);
    return report.n == 1 ? report.item[0].msg : E_NONE;
}

static void a_cn_is_spelt_as_in_the_san(void)
{
    const struct span dns = span_text("\x82\x06"
                                      "a.test");
    const struct span wild = span_text("\x82\x08*.a.test");
    const struct span ip = span_of("\x87\x04\xc0\x00\x02\x01", 6);

    CU_ASSERT_EQUAL(server_fault("a.test", dns), E_NONE);
    CU_ASSERT_EQUAL(server_fault("A.test", dns), E_CN_NOT_IN_SAN);
    CU_ASSERT_EQUAL(server_fault("b.test", dns), E_CN_NOT_IN_SAN);
    CU_ASSERT_EQUAL(server_fault("a.test", wild), E_NONE);
    CU_ASSERT_EQUAL(server_fault("a.test", ip), E_NONE);
    CU_ASSERT_EQUAL(server_fault("192.0.2.1", ip), E_NONE);
    CU_ASSERT_EQUAL(server_fault("0xc0000201", ip), E_CN_NOT_IN_SAN);
    CU_ASSERT_EQUAL(server_fault("My Appliance 2.0", dns), E_NONE);
}

static void a_server_names_its_purpose(void)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};

    case_chain(&chain, "leaf-eku-any-and-server");
    conform_judge_server(&report, chain_leaf(&chain));
    CU_ASSERT_PTR_NOT_NULL(report_find(&report, E_PURPOSE_PUBLIC));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_good_chain_conforms),      TEST(each_fault_is_told),
        TEST(extensions_have_their_form), TEST(a_cn_is_spelt_as_in_the_san),
        TEST(a_server_names_its_purpose),
    };

    return run_tests("conform", tests, COUNT(tests));
}
