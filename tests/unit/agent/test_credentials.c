/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/credentials.h"
#include "base/text.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

/* A state directory with an identity, an anchor and a revocation list. */
struct place {
    struct scratch scratch;
    struct root self, other;
};

static void place_make(struct place *out)
{
    scoped(crl_clear) struct crl crl = {0};
    struct error err = {0};
    struct crl_wish wish = {.now = AT_NOON};
    unsigned number = 0;
    bool changed = false;

    *out = (struct place){0};
    scratch_make(&out->scratch);
    root_make(&out->self, "Self");
    root_make(&out->other, "Other");
    root_crl(&crl, &out->other, AT_NOON);
    wish.issuer = root_cert(&out->other);
    CU_ASSERT_FATAL(identity_install(&number, out->scratch.fd, &out->self.ca.key,
                                     &out->self.ca.chain, IDENTITY_CHAIN, "test", &err));
    CU_ASSERT_FATAL(trust_add(out->scratch.fd, root_cert(&out->other), false, &err));
    CU_ASSERT_FATAL(crl_store_put(out->scratch.fd, &crl, &wish, &changed, &err));
}

static void place_clear(struct place *place)
{
    root_clear(&place->self);
    root_clear(&place->other);
    scratch_clear(&place->scratch);
}

static void what_is_packed_is_unpacked_without_the_key(void)
{
    scoped(place_clear) struct place place = {0};
    scoped(credentials_clear) struct credentials whole = {0}, worker = {0};
    scoped(buf_clear) struct buf packed = buf_upto(CREDENTIALS_BYTES_MAX);
    const struct held_crl *held;
    struct error err = {0};

    place_make(&place);
    CU_ASSERT_FATAL(credentials_load(&whole, place.scratch.fd, &err));
    CU_ASSERT(whole.identity.key.der.n > 0);
    CU_ASSERT_FATAL(credentials_pack(&packed, &whole, &err));
    CU_ASSERT_FATAL(credentials_unpack(&worker, buf_span(&packed), &err));
    CU_ASSERT_EQUAL(worker.identity.number, whole.identity.number);
    CU_ASSERT_EQUAL(worker.identity.key.der.n, 0);
    CU_ASSERT(span_equal(buf_span(&worker.identity.key.spki),
                         buf_span(&whole.identity.key.spki)));
    CU_ASSERT(digest_equal(&chain_leaf(&worker.identity.chain)->sha256,
                           &root_cert(&place.self)->sha256));
    CU_ASSERT_EQUAL(worker.trust.anchors.n, 2);
    CU_ASSERT_EQUAL(worker.trust.imported, 1);
    CU_ASSERT_PTR_NOT_NULL(trust_find(&worker.trust, &root_cert(&place.self)->sha256));
    held = held_crls_find(&worker.crls, &root_cert(&place.other)->spki_sha256);
    CU_ASSERT_PTR_NOT_NULL_FATAL(held);
    CU_ASSERT(span_equal(buf_span(&held->crl.der), buf_span(&whole.crls.item[0].crl.der)));
    CU_ASSERT_STRING_EQUAL(held->issuer_text, whole.crls.item[0].issuer_text);
}

static bool key_is_in(struct span packed, const struct key *key)
{
    const struct span der = buf_span(&key->der);
    const struct span scalar = span_head(span_after(der, 36), 32); /* of a P-256 PKCS#8 */

    for (size_t i = 0; i + scalar.n <= packed.n; i++)
        if (span_equal(span_head(span_after(packed, i), scalar.n), scalar))
            return true;
    return false;
}

static void no_byte_of_the_key_is_packed(void)
{
    scoped(place_clear) struct place place = {0};
    scoped(credentials_clear) struct credentials whole = {0};
    scoped(buf_clear) struct buf packed = buf_upto(CREDENTIALS_BYTES_MAX);
    struct error err = {0};

    place_make(&place);
    CU_ASSERT_FATAL(credentials_load(&whole, place.scratch.fd, &err));
    CU_ASSERT(key_is_in(buf_span(&whole.identity.key.der), &whole.identity.key));
    CU_ASSERT_FATAL(credentials_pack(&packed, &whole, &err));
    CU_ASSERT_FALSE(key_is_in(buf_span(&packed), &whole.identity.key));
}

static void what_is_cut_off_is_refused(void)
{
    scoped(place_clear) struct place place = {0};
    scoped(credentials_clear) struct credentials whole = {0}, none = {0};
    scoped(buf_clear) struct buf packed = buf_upto(CREDENTIALS_BYTES_MAX);
    struct error err = {0};
    size_t refused = 0, tried = 0;

    place_make(&place);
    CU_ASSERT_FATAL(credentials_load(&whole, place.scratch.fd, &err));
    CU_ASSERT_FATAL(credentials_pack(&packed, &whole, &err));
    for (size_t n = packed.n - 1; n > packed.n - 300; n--, tried++) {
        scoped(credentials_clear) struct credentials out = {0};
        struct error why = {0};

        refused += !credentials_unpack(&out, span_head(buf_span(&packed), n), &why);
    }
    CU_ASSERT_EQUAL(refused, tried);
    CU_ASSERT_FALSE(credentials_unpack(&none, (struct span){0}, &err));
    CU_ASSERT_EQUAL(err.msg, E_SUPERVISOR);
}

static void beyond_the_ceiling_nothing_is_packed(void)
{
    scoped(place_clear) struct place place = {0};
    scoped(credentials_clear) struct credentials whole = {0};
    scoped(buf_clear) struct buf packed = buf_upto(1024);
    struct error err = {0};

    place_make(&place);
    CU_ASSERT_FATAL(credentials_load(&whole, place.scratch.fd, &err));
    CU_ASSERT_FALSE(credentials_pack(&packed, &whole, &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_packed_is_unpacked_without_the_key),
        TEST(no_byte_of_the_key_is_packed),
        TEST(what_is_cut_off_is_refused),
        TEST(beyond_the_ceiling_nothing_is_packed),
    };

    return run_tests("credentials", tests, COUNT(tests));
}
