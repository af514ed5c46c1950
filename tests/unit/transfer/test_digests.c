/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/digests.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>

static void a_digest_is_unknown_until_it_is_put(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(digests_close) struct digests digests = {0};
    struct digest digest = {{7}}, found;
    struct error err = {0};
    bool known = true;

    scratch_make(&s);
    CU_ASSERT_FATAL(digests_open(&digests, s.fd, 1, &err));
    CU_ASSERT(digests_get(&digests, 3, &found, &known, &err) && !known);
    CU_ASSERT(digests_put(&digests, 3, &digest, &err));
    CU_ASSERT(digests_get(&digests, 3, &found, &known, &err) && known);
    CU_ASSERT(digest_equal(&found, &digest));
    CU_ASSERT(digests_get(&digests, 2, &found, &known, &err) && !known);
}

static void the_root_is_over_all_in_order(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(digests_close) struct digests digests = {0};
    struct digest all[300], root, expected;
    struct error err = {0};
    uint64_t missing;

    scratch_make(&s);
    CU_ASSERT_FATAL(digests_open(&digests, s.fd, 1, &err));
    for (unsigned i = 0; i < COUNT(all); i++) {
        digest_of(&all[i], DIGEST_SHA256, span_of(&i, sizeof(i)));
        CU_ASSERT(digests_put(&digests, i, &all[i], &err));
    }
    digest_of(&expected, DIGEST_BLAKE3, span_of(all, sizeof(all)));
    CU_ASSERT(digests_root(&digests, COUNT(all), DIGEST_BLAKE3, &root, &missing, &err));
    CU_ASSERT_EQUAL(missing, COUNT(all));
    CU_ASSERT(digest_equal(&root, &expected));
    CU_ASSERT(digests_root(&digests, COUNT(all) + 1, DIGEST_BLAKE3, &root, &missing, &err));
    CU_ASSERT_EQUAL(missing, COUNT(all));
}

static void the_root_of_nothing_is_that_of_no_bytes(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(digests_close) struct digests digests = {0};
    struct digest root, expected;
    struct error err = {0};
    uint64_t missing = 9;

    scratch_make(&s);
    CU_ASSERT_FATAL(digests_open(&digests, s.fd, 1, &err));
    CU_ASSERT(digests_root(&digests, 0, DIGEST_SHA256, &root, &missing, &err));
    digest_of(&expected, DIGEST_SHA256, span_text(""));
    CU_ASSERT(missing == 0 && digest_equal(&root, &expected));
}

static void what_is_forgotten_is_unknown(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(digests_close) struct digests digests = {0};
    struct digest digest = {{7}}, found;
    struct error err = {0};
    bool known = true;

    scratch_make(&s);
    CU_ASSERT_FATAL(digests_open(&digests, s.fd, 1, &err));
    CU_ASSERT(digests_put(&digests, 3, &digest, &err));
    CU_ASSERT(digests_forget(&digests, &err));
    CU_ASSERT(digests_get(&digests, 3, &found, &known, &err) && !known);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_digest_is_unknown_until_it_is_put),
        TEST(the_root_is_over_all_in_order),
        TEST(what_is_forgotten_is_unknown),
        TEST(the_root_of_nothing_is_that_of_no_bytes),
    };

    return run_tests("digests", tests, COUNT(tests));
}
