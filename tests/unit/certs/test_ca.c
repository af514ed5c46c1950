/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/ca.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define DAY ((time_t)86400)
#define VERIFY                                                                             \
    "openssl verify -x509_strict -attime 1813060800 -purpose sslserver -CAfile root.pem "  \
    "-untrusted chain.pem leaf.pem && openssl verify -x509_strict -attime 1813060800 "     \
    "-purpose sslclient -CAfile root.pem -untrusted chain.pem leaf.pem"

static void make_ca(struct ca *out, const struct scratch *scratch, enum key_choice key,
                    bool intermediate)
{
    const struct ca_plan plan = {
        .name = "Example Root", .key = key, .intermediate = intermediate, .now = AT_NOON};
    struct error err = {0};

    CU_ASSERT_FATAL(ca_init(scratch->fd, &plan, &err));
    CU_ASSERT_FATAL(ca_load(out, scratch->fd, &err));
}

/* A request of this profile for `name`, with that name as SAN. */
static void make_csr(struct csr *out, enum key_choice choice, const char *profile,
                     const char *name)
{
    scoped(key_clear) struct key key = key_none();
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    struct csr_wish wish = {.common_name = name, .san = &name, .sans = 1};
    struct error err = {0};

    CU_ASSERT_FATAL(csr_profile_named(&wish.profile, profile, &err));
    CU_ASSERT_FATAL(key_make(&key, choice, &err));
    CU_ASSERT_FATAL(csr_make(&pem, &wish, &key, &err));
    CU_ASSERT_FATAL(csr_parse(out, buf_span(&pem), &err));
}

static void write_pem(const struct scratch *scratch, const char *name,
                      const struct chain *chain, size_t from, size_t n)
{
    scoped(buf_clear) struct buf pem = buf_upto(1U << 20);
    struct error err = {0};

    for (size_t i = from; i < from + n; i++)
        CU_ASSERT_FATAL(cert_to_pem(&pem, &chain->cert[i], &err));
    CU_ASSERT_FATAL(buf_terminate(&pem, &err));
    scratch_write(scratch, name, (const char *)pem.at);
}

static void openssl_verifies_what_is_issued(void)
{
    static const enum key_choice choices[] = {KEY_CHOICE_EC, KEY_CHOICE_P384,
                                              KEY_CHOICE_RSA2048, KEY_CHOICE_ED25519};

    for (size_t i = 0; i < 2 * COUNT(choices); i++) {
        scoped(scratch_clear) struct scratch scratch = {0};
        scoped(ca_clear) struct ca ca = {0};
        scoped(csr_clear) struct csr csr = {0};
        scoped(chain_clear) struct chain chain = {0};
        scoped(report_clear) struct report report = {0};
        struct error err = {0};

        scratch_make(&scratch);
        make_ca(&ca, &scratch, choices[i / 2], i % 2 == 1);
        make_csr(&csr, choices[i / 2], "migration", "node.example.com");
        CU_ASSERT_FATAL(ca_issue(&chain, &ca, &csr, 365, AT_NOON, &report, &err));
        CU_ASSERT_EQUAL_FATAL(chain.n, 2 + i % 2);
        CU_ASSERT_EQUAL(report.n, 0);
        write_pem(&scratch, "leaf.pem", &chain, 0, 1);
        write_pem(&scratch, "chain.pem", &chain, 1, chain.n - 1);
        write_pem(&scratch, "root.pem", &chain, chain.n - 1, 1);
        CU_ASSERT(scratch_shell(&scratch, VERIFY));
    }
}

static void the_certificate_says_what_was_asked(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(csr_clear) struct csr csr = {0};
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    const struct cert *leaf;
    struct error err = {0};

    scratch_make(&scratch);
    make_ca(&ca, &scratch, KEY_CHOICE_EC, false);
    make_csr(&csr, KEY_CHOICE_RSA2048, "migration", "node.example.com");
    CU_ASSERT_FATAL(ca_issue(&chain, &ca, &csr, 30, AT_NOON, &report, &err));
    leaf = chain_leaf(&chain);
    CU_ASSERT(span_equal(leaf->spki, csr.spki));
    CU_ASSERT(span_equal(leaf->subject, csr.subject));
    CU_ASSERT(span_equal(leaf->san, csr.san));
    CU_ASSERT_EQUAL(leaf->ku, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
    CU_ASSERT_EQUAL(leaf->eku, EKU_SERVER_AUTH | EKU_CLIENT_AUTH);
    CU_ASSERT_FALSE(leaf->ca);
    CU_ASSERT_EQUAL(leaf->not_before.at, AT_NOON - 600);
    CU_ASSERT_EQUAL(leaf->not_after.at, AT_NOON + 30 * DAY);
    CU_ASSERT_EQUAL(leaf->serial.n, 16);
}

static void a_server_request_gets_a_server_certificate(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(csr_clear) struct csr csr = {0};
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    struct error err = {0};

    scratch_make(&scratch);
    make_ca(&ca, &scratch, KEY_CHOICE_EC, true);
    make_csr(&csr, KEY_CHOICE_EC, "server", "node.example.com");
    CU_ASSERT(ca_issue(&chain, &ca, &csr, 365, AT_NOON, &report, &err));
    CU_ASSERT_EQUAL(chain_leaf(&chain)->eku, EKU_SERVER_AUTH);
}

static void no_two_serial_numbers_are_alike(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(csr_clear) struct csr csr = {0};
    scoped(chain_clear) struct chain one = {0}, two = {0};
    scoped(report_clear) struct report report = {0};
    struct error err = {0};

    scratch_make(&scratch);
    make_ca(&ca, &scratch, KEY_CHOICE_EC, false);
    make_csr(&csr, KEY_CHOICE_EC, "migration", "node.example.com");
    CU_ASSERT_FATAL(ca_issue(&one, &ca, &csr, 30, AT_NOON, &report, &err));
    CU_ASSERT_FATAL(ca_issue(&two, &ca, &csr, 30, AT_NOON, &report, &err));
    CU_ASSERT_FALSE(span_equal(chain_leaf(&one)->serial, chain_leaf(&two)->serial));
}

/* Beyond 2050 the time changes its form (RFC 5280 4.1.2.5), and a leaf ends with its CA. */
static void a_leaf_never_outlives_its_ca(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(csr_clear) struct csr csr = {0};
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    const struct ca_plan plan = {.name = "Late", .now = AT_NOON + 4000 * DAY};
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(ca_init(scratch.fd, &plan, &err));
    CU_ASSERT_FATAL(ca_load(&ca, scratch.fd, &err));
    CU_ASSERT_EQUAL(chain_root(&ca.chain)->not_after.form, FORM_GENERALIZED);
    CU_ASSERT_EQUAL(chain_root(&ca.chain)->not_before.form, FORM_UTC);
    make_csr(&csr, KEY_CHOICE_EC, "migration", "node.example.com");
    CU_ASSERT_FATAL(ca_issue(&chain, &ca, &csr, CA_DAYS_MAX, plan.now, &report, &err));
    CU_ASSERT_EQUAL(chain_leaf(&chain)->not_after.at, chain_root(&chain)->not_after.at);
}

static void a_ca_out_of_date_issues_nothing(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};
    scoped(csr_clear) struct csr csr = {0};
    scoped(chain_clear) struct chain chain = {0};
    scoped(report_clear) struct report report = {0};
    struct error late = {0}, early = {0};

    scratch_make(&scratch);
    make_ca(&ca, &scratch, KEY_CHOICE_EC, false);
    make_csr(&csr, KEY_CHOICE_EC, "migration", "node.example.com");
    CU_ASSERT_FALSE(ca_issue(&chain, &ca, &csr, 30, AT_NOON + 7400 * DAY, &report, &late));
    CU_ASSERT_EQUAL(late.msg, E_CA_ENDED);
    CU_ASSERT_FALSE(ca_issue(&chain, &ca, &csr, 30, AT_NOON - DAY, &report, &early));
    CU_ASSERT_EQUAL(early.msg, E_CA_ENDED);
}

/* Requests made by openssl that our own rules would refuse as chains. */
static void what_the_rules_refuse_is_not_issued(void)
{
    static const struct {
        const char *arguments;
        enum msg msg;
    } cases[] = {
        {"-newkey rsa:1024 -subj /CN=x", E_CA_REFUSES},
        {"-newkey rsa:2048 -subj /O=nameless", E_CA_REFUSES},
        {"-newkey rsa:2048 -subj '/CN=*.example.com'", E_CA_REFUSES},
        {"-newkey rsa:2048 -subj /CN=a/CN=b", E_CA_REFUSES},
        {"-newkey rsa:2048 -subj /CN=x -addext keyUsage=keyAgreement", E_CA_REFUSES},
        {"-newkey rsa:2048 -subj /CN=x -addext basicConstraints=CA:TRUE", E_CSR_WANTS_CA},
        {"-newkey rsa:2048 -subj /CN=x -addext keyUsage=keyCertSign", E_CSR_WANTS_CA},
    };
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};

    scratch_make(&scratch);
    make_ca(&ca, &scratch, KEY_CHOICE_EC, true);
    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(csr_clear) struct csr csr = {0};
        scoped(chain_clear) struct chain chain = {0};
        scoped(report_clear) struct report report = {0};
        char command[256] = "openssl req -new -nodes -keyout k -out r ", text[8192];
        struct error err = {0};

        strncat(command, cases[i].arguments, sizeof(command) - strlen(command) - 1);
        CU_ASSERT_FATAL(scratch_shell(&scratch, command));
        scratch_read(text, sizeof(text), &scratch, "r");
        CU_ASSERT_FATAL(csr_parse(&csr, span_text(text), &err));
        CU_ASSERT_FALSE(ca_issue(&chain, &ca, &csr, 30, AT_NOON, &report, &err));
        CU_ASSERT_EQUAL(err.msg, cases[i].msg);
        CU_ASSERT((report.n > 0) == (cases[i].msg == E_CA_REFUSES));
    }
}

static void a_second_ca_is_refused_and_a_missing_one_named(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca none = {0}, ca = {0};
    const struct ca_plan plan = {.name = "Again", .now = AT_NOON};
    struct error missing = {0}, second = {0};

    scratch_make(&scratch);
    CU_ASSERT_FALSE(ca_load(&none, scratch.fd, &missing));
    CU_ASSERT_EQUAL(missing.msg, E_CA_MISSING);
    make_ca(&ca, &scratch, KEY_CHOICE_EC, false);
    CU_ASSERT_FALSE(ca_init(scratch.fd, &plan, &second));
    CU_ASSERT_EQUAL(second.msg, E_CA_EXISTS);
}

static void a_half_made_ca_does_not_count(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(ca_clear) struct ca ca = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, "mkdir ca.new && touch ca.new/key.pem"));
    make_ca(&ca, &scratch, KEY_CHOICE_EC, false);
    CU_ASSERT_FALSE(scratch_has(&scratch, "ca.new"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(openssl_verifies_what_is_issued),
        TEST(the_certificate_says_what_was_asked),
        TEST(a_server_request_gets_a_server_certificate),
        TEST(no_two_serial_numbers_are_alike),
        TEST(a_leaf_never_outlives_its_ca),
        TEST(a_ca_out_of_date_issues_nothing),
        TEST(what_the_rules_refuse_is_not_issued),
        TEST(a_second_ca_is_refused_and_a_missing_one_named),
        TEST(a_half_made_ca_does_not_count),
    };

    return run_tests("ca", tests, COUNT(tests));
}
