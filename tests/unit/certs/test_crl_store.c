/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "certs/crl_store.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define DAY ((time_t)86400)

static bool put(const struct root *root, const struct crl *crl, const struct root *by,
                time_t now, struct error *err)
{
    const struct crl_wish wish = {
        .issuer = root_cert(by), .url = "http://ca.example/x.crl", .now = now};
    bool changed = false;

    return crl_store_put(root->scratch.fd, crl, &wish, &changed, err);
}

static void a_list_is_kept_beside_its_ca(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(held_crls_clear) struct held_crls held = {0};
    struct crl crl = {0};
    struct error err = {0};

    root_make(&root, "Root");
    root_crl(&crl, &root, AT_NOON);
    CU_ASSERT_FATAL(put(&root, &crl, &root, AT_NOON, &err));
    CU_ASSERT_FATAL(crl_store_load(&held, root.scratch.fd, &err));
    CU_ASSERT_EQUAL_FATAL(held.n, 1);
    CU_ASSERT_STRING_EQUAL(held.item[0].url, "http://ca.example/x.crl");
    CU_ASSERT_STRING_EQUAL(held.item[0].issuer_text, "CN=Root");
    CU_ASSERT_PTR_NOT_NULL(held_crls_find(&held, &root_cert(&root)->spki_sha256));
    CU_ASSERT(crl_store_drop(root.scratch.fd, &root_cert(&root)->spki_sha256, &err));
    crl_clear(&crl);
}

static void an_older_list_does_not_take_its_place(void)
{
    scoped(root_clear) struct root root = {0};
    struct crl one = {0}, two = {0};
    struct error err = {0}, older = {0};

    root_make(&root, "Root");
    root_crl(&one, &root, AT_NOON);
    root_crl(&two, &root, AT_NOON + 60);
    CU_ASSERT(put(&root, &two, &root, AT_NOON + 60, &err));
    CU_ASSERT_FALSE(put(&root, &one, &root, AT_NOON + 60, &older));
    CU_ASSERT_EQUAL(older.msg, E_CRL_OLDER);
    CU_ASSERT(put(&root, &two, &root, AT_NOON + 60, &err));
    crl_clear(&one);
    crl_clear(&two);
}

static void a_list_of_another_ca_or_time_is_refused(void)
{
    scoped(root_clear) struct root root = {0}, other = {0};
    struct crl crl = {0};
    struct error signature = {0}, late = {0}, early = {0};

    root_make(&root, "Root");
    root_make(&other, "Root");
    root_crl(&crl, &root, AT_NOON);
    CU_ASSERT_FALSE(put(&root, &crl, &other, AT_NOON, &signature));
    CU_ASSERT_EQUAL(signature.msg, E_CRL_SIGNATURE);
    CU_ASSERT_FALSE(put(&root, &crl, &root, AT_NOON + 8 * DAY, &late));
    CU_ASSERT_EQUAL(late.msg, E_CRL_DATE);
    CU_ASSERT_FALSE(put(&root, &crl, &root, AT_NOON - DAY, &early));
    CU_ASSERT_EQUAL(early.msg, E_CRL_DATE);
    crl_clear(&crl);
}

/* A list that another could have been given the signature of says nothing; a signature that
 * is not known here is not told as one. */
static void a_list_signed_with_sha1_is_refused(void)
{
    static const char make[] =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k "
        "-subj /CN=Root -days 9 -out c.pem && echo 01 >number && : >index && "
        "printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\n' >config && "
        "for md in sha1 sha3-256 sha256; do openssl ca -config config -gencrl -keyfile k "
        "-cert c.pem -crldays 9 -md $md -out $md.pem || exit 1; done";
    static const char *const files[] = {"sha1.pem", "sha3-256.pem", "sha256.pem"};
    static const enum msg wanted[] = {E_CRL_WEAK, E_CRL_SIGNATURE, E_NONE};
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain chain = {0};
    char pem[8192];
    struct error err = {0};

    scratch_make(&scratch);
    CU_ASSERT_FATAL(scratch_shell(&scratch, make));
    scratch_read(pem, sizeof(pem), &scratch, "c.pem");
    CU_ASSERT_FATAL(chain_parse(&chain, span_text(pem), &err));
    for (size_t i = 0; i < COUNT(files); i++) {
        scoped(crls_clear) struct crls lists = {0};
        struct crl_wish wish = {.issuer = chain_leaf(&chain)};
        struct error why = {0};
        bool changed = false;

        scratch_read(pem, sizeof(pem), &scratch, files[i]);
        CU_ASSERT_FATAL(crls_parse(&lists, span_text(pem), &err));
        wish.now = lists.item[0].this_update.at;
        CU_ASSERT_EQUAL(crl_is_signed_by(&lists.item[0], wish.issuer),
                        wanted[i] != E_CRL_SIGNATURE);
        CU_ASSERT_EQUAL(crl_store_put(scratch.fd, &lists.item[0], &wish, &changed, &why),
                        wanted[i] == E_NONE);
        CU_ASSERT_EQUAL(why.msg, wanted[i]);
    }
}

static void of_two_cas_of_one_name_the_one_that_signed_is_found(void)
{
    scoped(root_clear) struct root root = {0}, other = {0};
    scoped(chain_clear) struct chain cas = {0};
    struct crl crl = {0};
    struct error err = {0};

    root_make(&root, "Root");
    root_make(&other, "Root");
    root_crl(&crl, &root, AT_NOON);
    CU_ASSERT_FATAL(chain_add_der(&cas, buf_span(&root_cert(&other)->der), &err));
    CU_ASSERT_PTR_NULL(crl_signer(&crl, &cas));
    CU_ASSERT_FATAL(chain_add_der(&cas, buf_span(&root_cert(&root)->der), &err));
    CU_ASSERT_PTR_EQUAL(crl_signer(&crl, &cas), &cas.cert[1]);
    crl_clear(&crl);
}

static void the_point_is_read_from_the_certificate(void)
{
    static const char make[] =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k "
        "-subj /CN=x -days 9 -out c.pem -addext "
        "'crlDistributionPoints=URI:ldap://x/y,URI:http://crl.example/a.crl'";
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(root_clear) struct root root = {0};
    scoped(chain_clear) struct chain chain = {0};
    char pem[8192], url[CRL_URL_MAX];
    struct error err = {0};

    scratch_make(&scratch);
    root_make(&root, "Root");
    CU_ASSERT_FATAL(scratch_shell(&scratch, make));
    scratch_read(pem, sizeof(pem), &scratch, "c.pem");
    CU_ASSERT_FATAL(chain_parse(&chain, span_text(pem), &err));
    CU_ASSERT(crl_point(url, chain_leaf(&chain)));
    CU_ASSERT_STRING_EQUAL(url, "http://crl.example/a.crl");
    CU_ASSERT_FALSE(crl_point(url, root_cert(&root)));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_list_is_kept_beside_its_ca),
        TEST(an_older_list_does_not_take_its_place),
        TEST(a_list_of_another_ca_or_time_is_refused),
        TEST(a_list_signed_with_sha1_is_refused),
        TEST(of_two_cas_of_one_name_the_one_that_signed_is_found),
        TEST(the_point_is_read_from_the_certificate),
    };

    return run_tests("crl store", tests, COUNT(tests));
}
