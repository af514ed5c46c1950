/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/custody.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

struct place {
    struct scratch scratch;
    struct root first, second;
    struct custody custody;
};

static unsigned install(struct place *place, const struct root *root)
{
    struct error err = {0};
    unsigned number = 0;

    CU_ASSERT_FATAL(identity_install(&number, place->scratch.fd, &root->ca.key,
                                     &root->ca.chain, IDENTITY_CHAIN, "test", &err));
    return number;
}

static void place_make(struct place *out)
{
    *out = (struct place){0};
    scratch_make(&out->scratch);
    root_make(&out->first, "First");
    root_make(&out->second, "Second");
    out->custody.state = out->scratch.fd;
    (void)install(out, &out->first);
}

static void place_clear(struct place *place)
{
    custody_clear(&place->custody);
    root_clear(&place->first);
    root_clear(&place->second);
    scratch_clear(&place->scratch);
}

static enum msg renew(struct place *place, const unsigned *in_use, size_t n)
{
    struct error err = {0};

    CU_ASSERT_EQUAL(custody_renew(&place->custody, in_use, n, time(NULL), &err),
                    err.msg == E_NONE);
    return err.msg;
}

static void each_change_has_the_next_version(void)
{
    scoped(place_clear) struct place place = {0};
    struct error err = {0};

    place_make(&place);
    CU_ASSERT_PTR_NULL(custody_newest(&place.custody));
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    CU_ASSERT_EQUAL(place.custody.version, 1);
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    CU_ASSERT_EQUAL(place.custody.version, 1);
    CU_ASSERT_FATAL(trust_add(place.scratch.fd, root_cert(&place.second), false, &err));
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    CU_ASSERT_EQUAL(place.custody.version, 2);
    CU_ASSERT_EQUAL(custody_newest(&place.custody)->number, 1);
    CU_ASSERT_EQUAL(install(&place, &place.second), 2);
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    CU_ASSERT_EQUAL(place.custody.version, 3);
    CU_ASSERT_EQUAL(custody_newest(&place.custody)->number, 2);
    CU_ASSERT(span_equal(buf_span(&custody_newest(&place.custody)->key.spki),
                         buf_span(&place.second.ca.key.spki)));
}

static void the_same_bytes_are_no_change(void)
{
    scoped(place_clear) struct place place = {0};

    place_make(&place);
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    CU_ASSERT_FATAL(scratch_shell(&place.scratch, "touch identity/x; rm identity/x"));
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    CU_ASSERT_EQUAL(place.custody.version, 1);
}

static void keys_are_kept_while_they_are_in_use(void)
{
    scoped(place_clear) struct place place = {0};
    const unsigned first[] = {1};

    place_make(&place);
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    (void)install(&place, &place.second);
    CU_ASSERT_EQUAL(renew(&place, first, 1), E_NONE);
    CU_ASSERT_PTR_NOT_NULL(custody_find(&place.custody, 1));
    CU_ASSERT_PTR_NOT_NULL(custody_find(&place.custody, 2));
    (void)install(&place, &place.first);
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    CU_ASSERT_PTR_NULL(custody_find(&place.custody, 1));
    CU_ASSERT_PTR_NULL(custody_find(&place.custody, 2));
    CU_ASSERT_PTR_NOT_NULL(custody_find(&place.custody, 3));
    CU_ASSERT_PTR_NULL(custody_find(&place.custody, 0));
}

/* Of which keys the worker may ask for signatures, and by which number. */
static void each_slot_has_its_keys(void)
{
    scoped(place_clear) struct place place = {0};
    const unsigned first[] = {1};
    const struct key *const *keys = place.custody.keys.key;
    unsigned before, n = 0;

    place_make(&place);
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    before = place.custody.slot;
    (void)install(&place, &place.second);
    CU_ASSERT_EQUAL(renew(&place, first, 1), E_NONE);
    CU_ASSERT_NOT_EQUAL(place.custody.slot, before);
    CU_ASSERT_PTR_EQUAL(keys[custody_key_number(before, LEAF_SERVER)],
                        &custody_find(&place.custody, 1)->key);
    CU_ASSERT_PTR_EQUAL(keys[custody_key_number(place.custody.slot, LEAF_CLIENT)],
                        &custody_find(&place.custody, 2)->key);
    CU_ASSERT_PTR_EQUAL(
        custody_find_key(&place.custody, &root_cert(&place.first)->spki_sha256),
        custody_find(&place.custody, 1));
    (void)install(&place, &place.first);
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    for (unsigned i = 0; i < SIGNER_KEYS; i++)
        n += keys[i] != NULL;
    CU_ASSERT_EQUAL(n, 2); /* both uses of one leaf */
}

static void what_does_not_load_changes_nothing(void)
{
    scoped(place_clear) struct place place = {0};
    const unsigned first[] = {1};

    place_make(&place);
    CU_ASSERT_EQUAL(renew(&place, NULL, 0), E_NONE);
    (void)install(&place, &place.second);
    CU_ASSERT_FATAL(scratch_shell(&place.scratch, "chmod 644 identity/2/key.pem"));
    CU_ASSERT_EQUAL(renew(&place, first, 1), E_SECRET_OPEN);
    CU_ASSERT_EQUAL(place.custody.version, 1);
    CU_ASSERT(span_equal(buf_span(&custody_newest(&place.custody)->key.spki),
                         buf_span(&place.first.ca.key.spki)));
    CU_ASSERT_FATAL(scratch_shell(&place.scratch, "chmod 600 identity/2/key.pem"));
    CU_ASSERT_EQUAL(renew(&place, first, 1), E_NONE);
    CU_ASSERT_EQUAL(custody_newest(&place.custody)->number, 2);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_change_has_the_next_version),    TEST(the_same_bytes_are_no_change),
        TEST(keys_are_kept_while_they_are_in_use), TEST(each_slot_has_its_keys),
        TEST(what_does_not_load_changes_nothing),
    };

    return run_tests("custody", tests, COUNT(tests));
}
