/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/csr.h"
#include "certs/issue.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* A request for the names, and what a CA that signs with the same key makes of it. */
struct pair {
    struct key key;
    struct csr csr;
};

static void pair_clear(struct pair *pair)
{
    key_clear(&pair->key);
    csr_clear(&pair->csr);
}

static void ask(struct pair *out)
{
    static const char *const san[] = {"a.example.com", "IP:192.0.2.1"};
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    struct csr_wish wish = {.common_name = "a.example.com", .san = san, .sans = 2};
    struct error err = {0};

    CU_ASSERT_FATAL(csr_profile_named(&wish.profile, "migration", &err));
    CU_ASSERT_FATAL(key_make(&out->key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(csr_make(&pem, &wish, &out->key, &err));
    CU_ASSERT_FATAL(csr_parse(&out->csr, buf_span(&pem), &err));
}

static void answer(struct report *out, const struct pair *pair, struct issue plan,
                   const char *const *san, size_t n)
{
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);
    scoped(buf_clear) struct buf names = buf_upto(4096);
    scoped(cert_clear) struct cert cert = {0};
    struct error err = {0};

    for (size_t i = 0; i < n; i++)
        CU_ASSERT_FATAL(csr_add_general_name(&names, san[i], &err));
    plan.signer = &pair->key;
    plan.san = buf_span(&names);
    plan.from = AT_NOON;
    plan.until = AT_NOON + 86400;
    if (plan.subject.n == 0)
        plan.subject = pair->csr.subject;
    if (plan.spki.n == 0)
        plan.spki = pair->csr.spki;
    CU_ASSERT_FATAL(issue_certificate(&der, &plan, &err));
    CU_ASSERT_FATAL(cert_parse(&cert, buf_span(&der), &err));
    csr_diff(out, &pair->csr, &cert);
}

static const char *const same[] = {"A.example.com", "192.0.2.1"};

#define AS_ASKED                                                                           \
    {                                                                                      \
        .ku = KU_DIGITAL_SIGNATURE, .eku = EKU_SERVER_AUTH | EKU_CLIENT_AUTH               \
    }

static void what_was_asked_for_differs_in_nothing(void)
{
    scoped(pair_clear) struct pair pair = {0};
    scoped(report_clear) struct report report = {0};
    const struct issue plan = AS_ASKED;

    ask(&pair);
    answer(&report, &pair, plan, same, COUNT(same));
    CU_ASSERT_EQUAL(report.n, 0);
}

static bool tells(const struct report *report, enum msg msg, const char *about)
{
    const struct error *finding = report_find(report, msg);

    return finding != NULL && strstr(finding->about, about) != NULL &&
           finding->severity == (msg == E_DIFF_KEY ? SEVERITY_ERROR : SEVERITY_WARNING);
}

static void every_change_is_named(void)
{
    static const char *const other[] = {"a.example.com", "b.example.com"};
    scoped(pair_clear) struct pair pair = {0}, stranger = {0};
    scoped(buf_clear) struct buf subject = buf_upto(CERT_TEXT_MAX);
    scoped(report_clear) struct report report = {0};
    struct issue plan = {.ku = KU_KEY_AGREEMENT,
                         .eku = EKU_SERVER_AUTH | EKU_IPSEC_END_SYSTEM,
                         .is_ca = true};
    struct error err = {0};

    ask(&pair);
    ask(&stranger);
    CU_ASSERT_FATAL(issue_name(&subject, "c.example.com", &err));
    plan.subject = buf_span(&subject);
    plan.spki = stranger.csr.spki;
    answer(&report, &pair, plan, other, COUNT(other));
    CU_ASSERT(tells(&report, E_DIFF_KEY, "c.example.com"));
    CU_ASSERT(tells(&report, E_DIFF_SUBJECT, "a.example.com became CN=c.example.com"));
    CU_ASSERT(tells(&report, E_DIFF_SAN_DROPPED, "IP:192.0.2.1"));
    CU_ASSERT(tells(&report, E_DIFF_SAN_ADDED, "DNS:b.example.com"));
    CU_ASSERT(tells(&report, E_DIFF_EKU_DROPPED, "clientAuth"));
    CU_ASSERT(tells(&report, E_DIFF_EKU_ADDED, "ipsecEndSystem"));
    CU_ASSERT(tells(&report, E_DIFF_KU_DROPPED, "digitalSignature"));
    CU_ASSERT(tells(&report, E_DIFF_KU_ADDED, "keyAgreement"));
    CU_ASSERT(tells(&report, E_DIFF_CA, "added"));
    CU_ASSERT_EQUAL(report.n, 9);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_asked_for_differs_in_nothing),
        TEST(every_change_is_named),
    };

    return run_tests("csr_diff", tests, COUNT(tests));
}
