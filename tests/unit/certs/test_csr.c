/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/csr.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <string.h>

static struct csr_wish migration(const char *name)
{
    struct csr_wish wish = {.common_name = name};
    struct error err = {0};

    CU_ASSERT_FATAL(csr_profile_named(&wish.profile, "migration", &err));
    return wish;
}

/* Make the request with a fresh key; false leaves the reason in err. */
static bool make(struct buf *pem, const struct csr_wish *wish, enum key_choice choice,
                 struct error *err)
{
    scoped(key_clear) struct key key = key_none();

    *pem = buf_upto(CSR_PEM_MAX);
    CU_ASSERT_FATAL(key_make(&key, choice, err));
    return csr_make(pem, wish, &key, err) && buf_terminate(pem, err);
}

static void every_kind_of_key_makes_a_request_openssl_verifies(void)
{
    static const enum key_choice choices[] = {KEY_CHOICE_EC, KEY_CHOICE_P384,
                                              KEY_CHOICE_P521, KEY_CHOICE_RSA2048,
                                              KEY_CHOICE_ED25519};
    static const char *const san[] = {"node.example.com"};
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    for (size_t i = 0; i < COUNT(choices); i++) {
        scoped(buf_clear) struct buf pem = {0};
        scoped(csr_clear) struct csr csr = {0};
        struct csr_wish wish = migration("node.example.com");
        struct error err = {0};

        wish.san = san;
        wish.sans = 1;
        CU_ASSERT_FATAL(make(&pem, &wish, choices[i], &err));
        scratch_write(&scratch, "r", (const char *)pem.at);
        CU_ASSERT(scratch_shell(&scratch, "openssl req -in r -verify -noout"));
        CU_ASSERT(csr_parse(&csr, buf_span(&pem), &err));
    }
}

static void the_profile_decides_the_uses(void)
{
    static const struct {
        const char *profile;
        enum key_choice key;
        unsigned ku, eku;
    } cases[] = {
        {"migration", KEY_CHOICE_EC, KU_DIGITAL_SIGNATURE,
         EKU_SERVER_AUTH | EKU_CLIENT_AUTH},
        {"migration", KEY_CHOICE_RSA2048, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
         EKU_SERVER_AUTH | EKU_CLIENT_AUTH},
        {"server", KEY_CHOICE_ED25519, KU_DIGITAL_SIGNATURE, EKU_SERVER_AUTH},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(buf_clear) struct buf pem = {0};
        scoped(csr_clear) struct csr csr = {0};
        struct csr_wish wish = migration("a.example.com");
        struct error err = {0};

        CU_ASSERT_FATAL(csr_profile_named(&wish.profile, cases[i].profile, &err));
        CU_ASSERT_FATAL(make(&pem, &wish, cases[i].key, &err));
        CU_ASSERT_FATAL(csr_parse(&csr, buf_span(&pem), &err));
        CU_ASSERT_EQUAL(csr.ku, cases[i].ku);
        CU_ASSERT_EQUAL(csr.eku, cases[i].eku);
        CU_ASSERT_FALSE(csr.asks_for_ca);
    }
}

static void alternatives_stand_in_the_order_given_and_nothing_is_added(void)
{
    static const char *const san[] = {"DNS:b.example.com", "IP:2001:db8::1", "192.0.2.7",
                                      "a.example.com"};
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(buf_clear) struct buf pem = {0};
    struct csr_wish wish = migration("c.example.com");
    struct error err = {0};

    scratch_make(&scratch);
    wish.san = san;
    wish.sans = COUNT(san);
    CU_ASSERT_FATAL(make(&pem, &wish, KEY_CHOICE_EC, &err));
    scratch_write(&scratch, "r", (const char *)pem.at);
    CU_ASSERT(scratch_shell(
        &scratch, "openssl req -in r -noout -text | grep -A1 'Alternative Name' |"
                  " grep -x ' *DNS:b.example.com, IP Address:2001:DB8:0:0:0:0:0:1,"
                  " IP Address:192.0.2.7, DNS:a.example.com'"));
}

static void the_subject_stands_attribute_by_attribute(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(buf_clear) struct buf pem = {0};
    struct csr_wish wish = migration("node.example.com");
    struct error err = {0};

    scratch_make(&scratch);
    wish.country = "FR";
    wish.state = "Île-de-France";
    wish.locality = "Paris";
    wish.organization = "Exemple, S.A.";
    wish.unit = "IT";
    wish.email = "admin@example.com";
    CU_ASSERT_FATAL(make(&pem, &wish, KEY_CHOICE_EC, &err));
    scratch_write(&scratch, "r", (const char *)pem.at);
    CU_ASSERT(scratch_shell(
        &scratch, "openssl req -in r -noout -subject -nameopt utf8,sep_comma_plus |"
                  " grep -xF 'subject=C=FR,ST=Île-de-France,L=Paris,"
                  "O=Exemple, S.A.,OU=IT,CN=node.example.com,"
                  "emailAddress=admin@example.com'"));
}

static void bad_wishes_are_refused(void)
{
    static const char *const wild[] = {"DNS:"}, *const letters[] = {"IP:host"},
                             *const blank[] = {"a b"}, *const dots[] = {"a..b"};
    const struct {
        struct csr_wish wish;
        enum msg msg;
    } cases[] = {
        {{.common_name = NULL}, E_CSR_NAME},
        {{.common_name = ""}, E_CSR_NAME},
        {{.common_name = "*.example.com"}, E_CSR_NAME},
        {{.common_name = "a\nb"}, E_CSR_NAME},
        {{.common_name = "\xff"}, E_CSR_NAME},
        {{.common_name = "a", .country = "fr"}, E_CSR_FIELD},
        {{.common_name = "a", .country = "FRA"}, E_CSR_FIELD},
        {{.common_name = "a", .organization = "a\tb"}, E_CSR_FIELD},
        {{.common_name = "a", .email = "é@example.com"}, E_CSR_FIELD},
        {{.common_name = "a", .san = wild, .sans = 1}, E_CSR_SAN},
        {{.common_name = "a", .san = letters, .sans = 1}, E_CSR_SAN},
        {{.common_name = "a", .san = blank, .sans = 1}, E_CSR_SAN},
        {{.common_name = "a", .san = dots, .sans = 1}, E_CSR_SAN},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(buf_clear) struct buf pem = {0};
        struct csr_wish wish = cases[i].wish;
        struct error err = {0};

        CU_ASSERT_FATAL(csr_profile_named(&wish.profile, "migration", &err));
        CU_ASSERT_FALSE(make(&pem, &wish, KEY_CHOICE_EC, &err));
        CU_ASSERT_EQUAL(err.msg, cases[i].msg);
    }
}

static void an_unknown_purpose_is_named(void)
{
    const struct csr_profile *profile = NULL;
    struct error err = {0};

    CU_ASSERT_FALSE(csr_profile_named(&profile, "tomcat-clock", &err));
    CU_ASSERT_EQUAL(err.msg, E_CSR_PURPOSE);
}

static enum msg parsed(const struct scratch *scratch, const char *command, struct csr *out)
{
    static char text[CSR_PEM_MAX];
    struct error err = {0};

    CU_ASSERT_FATAL(scratch_shell(scratch, command));
    scratch_read(text, sizeof(text), scratch, "r");
    if (csr_parse(out, span_text(text), &err))
        return E_NONE;
    return err.msg;
}

#define NEW_REQUEST                                                                        \
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "                 \
    "-keyout k -out r -subj /CN=x "

static void requests_of_openssl_are_read(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(csr_clear) struct csr plain = {0}, ca = {0}, pss = {0};

    scratch_make(&scratch);
    CU_ASSERT_EQUAL(parsed(&scratch,
                           NEW_REQUEST "-addext subjectAltName=DNS:x.example.com "
                                       "-addext extendedKeyUsage=serverAuth",
                           &plain),
                    E_NONE);
    CU_ASSERT_STRING_EQUAL(plain.cn, "x");
    CU_ASSERT_PTR_NOT_NULL(strstr(plain.san_text, "x.example.com"));
    CU_ASSERT_EQUAL(plain.eku, EKU_SERVER_AUTH);
    CU_ASSERT_EQUAL(
        parsed(&scratch, NEW_REQUEST "-addext basicConstraints=critical,CA:TRUE", &ca),
        E_NONE);
    CU_ASSERT(ca.asks_for_ca);
    CU_ASSERT_EQUAL(parsed(&scratch,
                           "openssl req -new -newkey rsa:2048 -nodes -keyout k -out r "
                           "-subj /CN=x -sigopt rsa_padding_mode:pss",
                           &pss),
                    E_NONE);
}

static void what_is_no_request_is_refused(void)
{
    static const struct {
        const char *make;
        enum msg msg;
    } cases[] = {
        {": >r", E_CSR_FORM},
        {"echo nonsense >r", E_CSR_FORM},
        {NEW_REQUEST "-x509", E_CSR_FORM},
        {NEW_REQUEST "&& sed -i 3d r", E_CSR_FORM},
        {NEW_REQUEST "-outform DER -out d && printf X | dd of=d bs=1 conv=notrunc seek=21 "
                     "&& openssl base64 -in d -out b && (echo '-----BEGIN CERTIFICATE "
                     "REQUEST-----'; cat b; echo '-----END CERTIFICATE REQUEST-----') >r",
         E_CSR_SIGNATURE},
    };
    scoped(scratch_clear) struct scratch scratch = {0};

    scratch_make(&scratch);
    for (size_t i = 0; i < COUNT(cases); i++) {
        scoped(csr_clear) struct csr csr = {0};

        CU_ASSERT_EQUAL(parsed(&scratch, cases[i].make, &csr), cases[i].msg);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_kind_of_key_makes_a_request_openssl_verifies),
        TEST(the_profile_decides_the_uses),
        TEST(alternatives_stand_in_the_order_given_and_nothing_is_added),
        TEST(the_subject_stands_attribute_by_attribute),
        TEST(bad_wishes_are_refused),
        TEST(an_unknown_purpose_is_named),
        TEST(requests_of_openssl_are_read),
        TEST(what_is_no_request_is_refused),
    };

    return run_tests("csr", tests, COUNT(tests));
}
