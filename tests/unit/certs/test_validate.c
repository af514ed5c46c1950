/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/validate.h"

#include "base/fs.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

/* A folder's chain, its last certificate the anchor, its first asked about. */
struct asked {
    struct chain chain;
    struct chain anchor; /* borrows the last certificate */
    struct crls crls;
    struct question question;
    struct answer answer;
    struct report report;
};

static void asked_clear(struct asked *asked)
{
    chain_clear(&asked->chain);
    crls_clear(&asked->crls);
    report_clear(&asked->report);
}

static void begin(struct asked *asked)
{
    asked->anchor = (struct chain){.cert = &asked->chain.cert[asked->chain.n - 1], .n = 1};
    asked->question = (struct question){.leaf = chain_leaf(&asked->chain),
                                        .untrusted = &asked->chain,
                                        .anchors = &asked->anchor,
                                        .now = AT_NOON};
}

static void load(struct asked *asked, const char *folder)
{
    case_chain(&asked->chain, folder);
    begin(asked);
}

static bool ask(struct asked *asked)
{
    report_clear(&asked->report);
    validate(&asked->answer, &asked->question, &asked->report);
    CU_ASSERT_EQUAL(asked->answer.valid, report_errors(&asked->report) == 0);
    return asked->answer.valid;
}

static bool is_valid(const char *folder)
{
    scoped(asked_clear) struct asked asked = {0};

    load(&asked, folder);
    return ask(&asked);
}

static void good_chains_are_valid(void)
{
    static const char *const folders[] = {"good",
                                          "good-ec-under-root",
                                          "good-ed25519",
                                          "good-10-certificates",
                                          "good-rsa-throughout",
                                          "good-rsa-pss-signature",
                                          "good-p384",
                                          "good-name-constraints-met"};

    for (size_t i = 0; i < COUNT(folders); i++)
        CU_ASSERT_TRUE(is_valid(folders[i]));
}

static void order_extras_and_duplicates_do_not_matter(void)
{
    CU_ASSERT_TRUE(is_valid("order-issuers-swapped"));
    CU_ASSERT_TRUE(is_valid("extra-unrelated-root-inside"));
    CU_ASSERT_TRUE(is_valid("extra-duplicate-root"));
}

static void each_fault_is_told_by_its_name(void)
{
    static const struct {
        const char *folder;
        enum msg msg;
        bool reached;
    } rows[] = {
        {"signature-of-leaf", E_LINK_SIGNATURE, true},
        {"issuer-ca-false", E_ISSUER_NOT_CA, true},
        {"issuer-ca-without-cert-sign", E_ISSUER_NO_CERT_SIGN, true},
        {"path-length-of-root", E_PATH_LENGTH, true},
        {"name-constraints-dns-excluded", E_NAME_EXCLUDED, true},
        {"name-constraints-dns-permitted", E_NAME_NOT_PERMITTED, true},
        {"critical-extension-on-leaf", E_CRITICAL_EXTENSION, true},
        {"critical-extension-policy-constraints", E_CRITICAL_EXTENSION, true},
        {"algorithm-sha1-leaf", E_SIGNATURE_WEAK, true},
        {"algorithm-rsa-1024", E_KEY_SHORT, true},
        {"validity-leaf-expired", E_EXPIRED, true},
        {"validity-leaf-not-yet", E_NOT_YET_VALID, true},
        {"validity-root-expired", E_EXPIRED, true},
        {"time-format-utc-offset", E_TIME_FORM, true},
        {"complete-without-intermediate", E_PATH_NONE, false},
        {"depth-12", E_PATH_NONE, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        scoped(asked_clear) struct asked asked = {0};
        scoped(chain_clear) struct chain good = {0};

        load(&asked, rows[i].folder);
        case_chain(&good, "good");
        if (rows[i].msg == E_PATH_NONE && rows[i].folder[0] == 'c')
            asked.anchor.cert = &good.cert[good.n - 1];
        CU_ASSERT_FALSE(ask(&asked));
        CU_ASSERT_PTR_NOT_NULL(report_find(&asked.report, rows[i].msg));
        CU_ASSERT_EQUAL(asked.answer.reached, rows[i].reached);
        if (report_find(&asked.report, rows[i].msg) == NULL)
            fprintf(stderr, "%s\n", rows[i].folder);
    }
}

static void the_purpose_must_be_allowed(void)
{
    static const struct {
        const char *folder;
        enum purpose purpose;
        enum msg msg;
    } rows[] = {
        {"good", PURPOSE_SERVER, E_NONE},
        {"good", PURPOSE_CLIENT, E_NONE},
        {"leaf-eku-server-only", PURPOSE_SERVER, E_NONE},
        {"leaf-eku-server-only", PURPOSE_CLIENT, E_PURPOSE_EKU},
        {"leaf-eku-client-only", PURPOSE_SERVER, E_PURPOSE_EKU},
        {"leaf-eku-client-only", PURPOSE_ANY, E_NONE},
        {"leaf-eku-any-only", PURPOSE_CLIENT, E_PURPOSE_EKU},
        {"leaf-eku-any-and-server", PURPOSE_SERVER, E_PURPOSE_PUBLIC},
        {"leaf-eku-absent", PURPOSE_SERVER, E_NONE},
        {"issuer-ca-eku-server-only", PURPOSE_CLIENT, E_PURPOSE_EKU},
        {"issuer-ca-eku-server-only", PURPOSE_SERVER, E_NONE},
        {"key-usage-rsa-encipherment-only", PURPOSE_CLIENT, E_PURPOSE_KU},
        {"key-usage-rsa-encipherment-only", PURPOSE_SERVER, E_NONE},
        {"key-usage-rsa-other-only", PURPOSE_SERVER, E_PURPOSE_KU},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        scoped(asked_clear) struct asked asked = {0};

        load(&asked, rows[i].folder);
        asked.question.purpose = rows[i].purpose;
        CU_ASSERT_EQUAL(ask(&asked), rows[i].msg == E_NONE);
        if (rows[i].msg != E_NONE)
            CU_ASSERT_PTR_NOT_NULL(report_find(&asked.report, rows[i].msg));
        if (asked.answer.valid != (rows[i].msg == E_NONE))
            fprintf(stderr, "%s %d\n", rows[i].folder, (int)rows[i].purpose);
    }
}

static void read_crls_case(struct asked *asked, const char *chain, const char *list)
{
    scoped(buf_clear) struct buf file = buf_upto(CHAIN_FILE_MAX);
    scoped(buf_clear) struct buf lists = buf_upto(CHAIN_FILE_MAX);
    struct error err = {0};
    char path[256];

    snprintf(path, sizeof(path), TEST_DATA "/crls/%s.pem", chain);
    CU_ASSERT_TRUE_FATAL(fs_read(&file, path, &err));
    CU_ASSERT_TRUE_FATAL(chain_parse(&asked->chain, buf_span(&file), &err));
    snprintf(path, sizeof(path), TEST_DATA "/crls/%s.pem", list);
    CU_ASSERT_TRUE_FATAL(fs_read(&lists, path, &err));
    CU_ASSERT_TRUE_FATAL(crls_parse(&asked->crls, buf_span(&lists), &err));
    begin(asked);
    asked->question.crls = &asked->crls;
}

static void lists_are_asked(void)
{
    static const struct {
        const char *chain, *list;
        bool valid;
        enum msg msg;
    } rows[] = {
        {"chain", "good", true, E_NONE},
        {"chain", "users-only", true, E_NONE},
        {"chain", "cas-only", true, E_CRL_NONE},
        {"chain", "revoked", false, E_REVOKED},
        {"chain", "revoked-stale", false, E_REVOKED},
        {"chain", "revoked-partial", false, E_REVOKED},
        {"chain", "partial", false, E_CRL_STALE},
        {"chain", "stale", false, E_CRL_STALE},
        {"chain", "early", false, E_CRL_STALE},
        {"chain", "other-key", false, E_CRL_SIGNATURE},
        {"chain-without-crl-sign", "without-crl-sign", false, E_CRL_SIGNER},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        scoped(asked_clear) struct asked asked = {0};

        read_crls_case(&asked, rows[i].chain, rows[i].list);
        CU_ASSERT_EQUAL(ask(&asked), rows[i].valid);
        if (rows[i].msg != E_NONE)
            CU_ASSERT_PTR_NOT_NULL(report_find(&asked.report, rows[i].msg));
        if (asked.answer.valid != rows[i].valid)
            fprintf(stderr, "%s\n", rows[i].list);
    }
}

static void the_name_asked_for_must_be_its_own(void)
{
    static const struct {
        const char *name;
        bool valid;
    } rows[] = {{"node.example.test", true},    {"NODE.example.test.", true},
                {"other.example.test", false},  {"192.0.2.1", false},
                {"a@node.example.test", false}, {"example.test", false}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        scoped(asked_clear) struct asked asked = {0};

        read_crls_case(&asked, "chain", "good");
        asked.question.names = &rows[i].name;
        asked.question.names_n = 1;
        CU_ASSERT_EQUAL(ask(&asked), rows[i].valid);
        CU_ASSERT_EQUAL(report_find(&asked.report, E_NAME_NOT_ITS) == NULL, rows[i].valid);
    }
}

static void intermediates_are_counted(void)
{
    scoped(asked_clear) struct asked asked = {0};

    load(&asked, "good");
    asked.question.has_depth = true;
    asked.question.depth = 1;
    CU_ASSERT_TRUE(ask(&asked));
    asked.question.depth = 0;
    CU_ASSERT_FALSE(ask(&asked));
    CU_ASSERT_PTR_NOT_NULL(report_find(&asked.report, E_PATH_DEPTH));
}

static void a_trusted_leaf_needs_no_issuer(void)
{
    scoped(asked_clear) struct asked asked = {0};

    load(&asked, "good");
    asked.anchor.cert = &asked.chain.cert[0];
    CU_ASSERT_TRUE(ask(&asked));
    CU_ASSERT_EQUAL(asked.answer.path.n, 1);
    asked.question.now = AT_NOON + 100LL * 365 * 86400;
    CU_ASSERT_FALSE(ask(&asked));
}

static void an_anchor_may_be_any_certificate_on_the_way(void)
{
    scoped(asked_clear) struct asked asked = {0};

    load(&asked, "good");
    asked.anchor.cert = &asked.chain.cert[1];
    CU_ASSERT_TRUE(ask(&asked));
    CU_ASSERT_EQUAL(asked.answer.path.n, 2);
}

static bool is_told(const struct asked *asked, enum msg msg)
{
    return report_find(&asked->report, msg) != NULL;
}

static void a_search_without_end_is_given_up_by_name(void)
{
    scoped(asked_clear) struct asked asked = {0}, stranger = {0};

    case_mesh(&asked.chain);
    begin(&asked);
    load(&stranger, "good-p384");
    asked.question.anchors = &stranger.anchor;
    CU_ASSERT_FALSE(ask(&asked));
    CU_ASSERT_TRUE(is_told(&asked, E_PATH_GIVEN_UP));
    CU_ASSERT_TRUE(ask(&stranger));
    CU_ASSERT_FALSE(is_told(&stranger, E_PATH_GIVEN_UP));
}

static void a_purpose_is_server_or_client(void)
{
    enum purpose purpose = PURPOSE_ANY;
    struct error err = {0};

    CU_ASSERT_TRUE(purpose_named(&purpose, "server", &err));
    CU_ASSERT_EQUAL(purpose, PURPOSE_SERVER);
    CU_ASSERT_TRUE(purpose_named(&purpose, "client", &err));
    CU_ASSERT_EQUAL(purpose, PURPOSE_CLIENT);
    CU_ASSERT_FALSE(purpose_named(&purpose, "any", &err));
    CU_ASSERT_EQUAL(err.msg, E_PURPOSE_NAME);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(good_chains_are_valid),
        TEST(order_extras_and_duplicates_do_not_matter),
        TEST(each_fault_is_told_by_its_name),
        TEST(the_purpose_must_be_allowed),
        TEST(lists_are_asked),
        TEST(the_name_asked_for_must_be_its_own),
        TEST(intermediates_are_counted),
        TEST(a_trusted_leaf_needs_no_issuer),
        TEST(an_anchor_may_be_any_certificate_on_the_way),
        TEST(a_search_without_end_is_given_up_by_name),
        TEST(a_purpose_is_server_or_client),
    };

    return run_tests("validate", tests, COUNT(tests));
}
