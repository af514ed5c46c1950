/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists from files, and addresses that nobody serves; over HTTP: tests/live/16-trust.sh. */
#include "agent/crl_fetch.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define NOBODY "http://127.0.0.1:1/list"

struct place {
    struct scratch scratch;
    struct root self, other;
    struct crl crl; /* of the other */
};

static void place_make(struct place *out)
{
    struct error err = {0};
    unsigned number = 0;

    *out = (struct place){0};
    scratch_make(&out->scratch);
    root_make(&out->self, "Self");
    root_make(&out->other, "Other");
    root_crl(&out->crl, &out->other, AT_NOON);
    CU_ASSERT_FATAL(identity_install(&number, out->scratch.fd, &out->self.ca.key,
                                     &out->self.ca.chain, IDENTITY_CHAIN, "test", &err));
}

static void place_clear(struct place *place)
{
    crl_clear(&place->crl);
    root_clear(&place->self);
    root_clear(&place->other);
    scratch_clear(&place->scratch);
}

static enum msg take(struct crl_taken *out, struct place *place, const struct chain *more)
{
    scoped(chain_clear) struct chain cas = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(crl_known_cas(&cas, place->scratch.fd, more, &err));
    CU_ASSERT_EQUAL(crl_take_file(out, place->scratch.fd, buf_span(&place->crl.der), &cas,
                                  NOBODY, AT_NOON, &err),
                    err.msg == E_NONE);
    return err.msg;
}

static void a_list_needs_its_ca(void)
{
    scoped(place_clear) struct place place = {0};
    scoped(crl_taken_clear) struct crl_taken none = {0}, taken = {0}, again = {0};
    struct error err = {0};

    place_make(&place);
    CU_ASSERT_EQUAL(take(&none, &place, NULL), E_CRL_NO_ISSUER);
    CU_ASSERT_EQUAL(take(&taken, &place, &place.other.ca.chain), E_NONE);
    CU_ASSERT_EQUAL(taken.taken, 1);
    CU_ASSERT_FATAL(trust_add(place.scratch.fd, root_cert(&place.other), false, &err));
    CU_ASSERT_EQUAL(take(&again, &place, NULL), E_NONE);
    CU_ASSERT_EQUAL(again.taken, 0);
    CU_ASSERT_EQUAL(again.unchanged, 1);
}

static void what_is_no_list_is_refused(void)
{
    scoped(place_clear) struct place place = {0};
    scoped(crl_taken_clear) struct crl_taken taken = {0};
    struct error err = {0};

    place_make(&place);
    CU_ASSERT_FALSE(crl_take_file(&taken, place.scratch.fd,
                                  span_head(buf_span(&place.crl.der), 40),
                                  &place.other.ca.chain, NULL, AT_NOON, &err));
    CU_ASSERT_EQUAL(taken.taken, 0);
}

/* What fails is told, and the list that is held stays. */
static void an_address_that_nobody_serves_is_a_finding(void)
{
    scoped(place_clear) struct place place = {0};
    scoped(crl_taken_clear) struct crl_taken taken = {0}, fetched = {0};
    scoped(held_crls_clear) struct held_crls held = {0};
    struct error err = {0};

    place_make(&place);
    CU_ASSERT_EQUAL(take(&taken, &place, &place.other.ca.chain), E_NONE);
    CU_ASSERT(crl_fetch_all(&fetched, place.scratch.fd, AT_NOON, &err));
    CU_ASSERT_EQUAL(fetched.taken, 0);
    CU_ASSERT_EQUAL_FATAL(fetched.failed.n, 1);
    CU_ASSERT_EQUAL(fetched.failed.item[0].msg, E_FETCH);
    CU_ASSERT_FATAL(crl_store_load(&held, place.scratch.fd, &err));
    CU_ASSERT_EQUAL(held.n, 1);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_list_needs_its_ca),
        TEST(what_is_no_list_is_refused),
        TEST(an_address_that_nobody_serves_is_a_finding),
    };

    return run_tests("crl_fetch", tests, COUNT(tests));
}
