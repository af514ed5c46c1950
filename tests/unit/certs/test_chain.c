/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/chain.h"
#include "tests/support/cases.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* How the folder's file fails, E_NONE when it is a chain; its rung goes to *rung. */
static enum msg outcome(const char *name, unsigned *rung)
{
    scoped(chain_clear) struct chain chain = {0};
    scoped(buf_clear) struct buf file = {0};
    struct error err = {0};

    case_file(&file, name);
    (void)(chain_parse(&chain, buf_span(&file), &err) || err.msg != E_NONE);
    *rung = err.has_rung ? err.rung : 99;
    return err.msg;
}

static void each_fault_of_a_file_has_its_own_message(void)
{
    static const struct {
        const char *folder;
        enum msg msg;
        unsigned rung;
    } faults[] = {
        {"encoding-empty-file", E_PEM_EMPTY, 99},
        {"encoding-der", E_PEM_DER, 99},
        {"encoding-der-pkcs7", E_PEM_DER, 99},
        {"encoding-utf16", E_PEM_BINARY, 99},
        {"encoding-no-begin-line", E_PEM_BLOCK, 99},
        {"encoding-no-end-line", E_PEM_BLOCK, 99},
        {"encoding-illegal-character", E_PEM_BASE64, 99},
        {"encoding-request-in-file", E_PEM_LABEL, 99},
        {"encoding-trusted-certificate", E_PEM_TRUSTED, 99},
        {"encoding-truncated-der", E_CERT_DER, 2},
        {"encoding-not-a-certificate", E_CERT_DER, 0},
        {"malformed-duplicate-extension", E_CERT_TWICE, 0},
        {"malformed-two-signature-algorithms", E_CERT_ALGORITHMS, 0},
        {"malformed-extensions-in-version-1", E_CERT_VERSION, 0},
        {"private-key-in-file", E_PEM_PRIVATE_KEY, 99},
        {"private-key-in-file-encrypted", E_PEM_PRIVATE_KEY, 99},
        {"depth-beyond-reading", E_CHAIN_ENDLESS, 99},
    };

    for (size_t i = 0; i < COUNT(faults); i++) {
        unsigned rung = 0;

        CU_ASSERT_EQUAL(outcome(faults[i].folder, &rung), faults[i].msg);
        CU_ASSERT_EQUAL(rung, faults[i].rung);
    }
}

static enum msg reads(const char *text, size_t n)
{
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0};

    return chain_parse(&chain, span_of(text, n), &err) ? E_NONE : err.msg;
}

static void a_file_has_a_ceiling_and_at_least_one_block(void)
{
    static const char much[CHAIN_FILE_MAX + 1];

    CU_ASSERT_EQUAL(reads(much, sizeof(much)), E_CERT_LARGE);
    CU_ASSERT_EQUAL(reads("no block\n", 9), E_PEM_NONE);
}

static void a_file_that_cannot_be_taken_is_named(void)
{
    scoped(scratch_clear) struct scratch scratch = {0};
    scoped(chain_clear) struct chain chain = {0};
    char path[PATH_MAX + 16];
    struct error err = {0};

    scratch_make(&scratch);
    scratch_write(&scratch, "noise", "no block\n");
    snprintf(path, sizeof(path), "%s/noise", scratch.path);
    CU_ASSERT_FALSE(chain_load(&chain, path, &err));
    CU_ASSERT_EQUAL(err.msg, E_PEM_NONE);
    CU_ASSERT_NSTRING_EQUAL(err.about, path, strlen(path));
    err = (struct error){0};
    CU_ASSERT_FALSE(chain_load(&chain, "/no/such/file", &err));
    CU_ASSERT_EQUAL(err.msg, E_FILE_READ);
}

static void a_bag_stands_alone(void)
{
    scoped(buf_clear) struct buf bag = {0}, good = {0}, both = buf_upto(1U << 20);
    scoped(chain_clear) struct chain chain = {0}, alone = {0};
    struct error err = {0};

    case_file(&bag, "good-pkcs7-shuffled");
    case_file(&good, "good");
    CU_ASSERT_TRUE(chain_parse(&alone, buf_span(&bag), &err));
    CU_ASSERT_TRUE(alone.from_pkcs7);
    CU_ASSERT_EQUAL(alone.n, 3);
    CU_ASSERT_TRUE(buf_add(&both, buf_span(&bag), &err));
    CU_ASSERT_TRUE(buf_add(&both, buf_span(&good), &err));
    CU_ASSERT_FALSE(chain_parse(&chain, buf_span(&both), &err));
    CU_ASSERT_EQUAL(err.msg, E_PEM_LABEL);
}

static void a_chain_is_written_copied_and_digested(void)
{
    scoped(chain_clear) struct chain chain = {0}, copy = {0}, again = {0}, other = {0};
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_FILE_MAX);
    struct digest one, two, three;
    struct error err = {0};

    case_chain(&chain, "good");
    case_chain(&other, "order-root-first");
    CU_ASSERT_TRUE(chain_copy(&copy, &chain, &err));
    CU_ASSERT_TRUE(chain_to_pem(&pem, &copy, &err));
    CU_ASSERT_TRUE(chain_parse(&again, buf_span(&pem), &err));
    chain_digest(&one, &chain);
    chain_digest(&two, &again);
    chain_digest(&three, &other);
    CU_ASSERT_TRUE(digest_equal(&one, &two));
    CU_ASSERT_FALSE(digest_equal(&one, &three));
}

/* Cut short anywhere, or with a length that lies, it is no chain. */
static void a_packed_chain_is_what_its_digest_is_of(void)
{
    scoped(chain_clear) struct chain chain = {0}, again = {0};
    scoped(buf_clear) struct buf packed = buf_upto(CHAIN_PACKED_MAX);
    struct digest one, two;
    struct error err = {0};

    case_chain(&chain, "good");
    CU_ASSERT_TRUE_FATAL(chain_pack(&packed, &chain, &err));
    chain_digest(&one, &chain);
    digest_of(&two, DIGEST_SHA256, buf_span(&packed));
    CU_ASSERT_TRUE(digest_equal(&one, &two));
    CU_ASSERT_TRUE(chain_unpack(&again, buf_span(&packed), &err));
    CU_ASSERT_EQUAL(again.n, chain.n);
    for (size_t n = 0; n < 9; n++) {
        scoped(chain_clear) struct chain cut = {0};
        struct error why = {0};

        CU_ASSERT_FALSE(chain_unpack(&cut, span_of(packed.at, n), &why));
        CU_ASSERT_EQUAL(why.msg, E_CHAIN_PACKED);
    }
}

static void no_more_than_128_are_read(void)
{
    scoped(chain_clear) struct chain chain = {0}, good = {0};
    struct error err = {0};

    case_chain(&good, "good");
    for (size_t i = 0; i < CHAIN_READ_MAX; i++)
        CU_ASSERT_TRUE_FATAL(chain_add_der(&chain, buf_span(&good.cert[0].der), &err));
    CU_ASSERT_FALSE(chain_add_der(&chain, buf_span(&good.cert[0].der), &err));
    CU_ASSERT_EQUAL(err.msg, E_CHAIN_ENDLESS);
}

/* What verified once is taken for the same bytes alone, wherever else they stand. */
static void what_is_known_of_the_same_bytes_is_taken(void)
{
    scoped(chain_clear) struct chain known = {0}, chain = {0}, forged = {0};
    static const struct digest never = {0};
    struct error err = {0};
    struct digest marked;

    case_chain(&known, "good");
    chain_remember(&known, &(struct chain){0});
    CU_ASSERT(digest_equal(&known.cert[0].signed_by, &known.cert[1].spki_sha256));
    memset(&marked, 'm', sizeof(marked));
    known.cert[1].signed_by = marked; /* to be told from what is found out anew */
    case_chain(&chain, "good");
    chain.cert[0].der.at[chain.cert[0].der.n - 1] ^= 1; /* in its signature */
    for (size_t i = 0; i < chain.n; i++)
        CU_ASSERT_FATAL(chain_add_der(&forged, buf_span(&chain.cert[i].der), &err));
    chain_remember(&forged, &known);
    CU_ASSERT(digest_equal(&forged.cert[0].signed_by, &never));
    CU_ASSERT_FALSE(cert_is_signed_by(&forged.cert[0], &forged.cert[1]));
    CU_ASSERT(digest_equal(&forged.cert[2].signed_by, &forged.cert[2].spki_sha256));
    /* The path asks for the key that it climbs to, and verifies under another one anew. */
    CU_ASSERT(digest_equal(&forged.cert[1].signed_by, &forged.cert[2].spki_sha256));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_fault_of_a_file_has_its_own_message),
        TEST(a_file_has_a_ceiling_and_at_least_one_block),
        TEST(a_file_that_cannot_be_taken_is_named),
        TEST(a_bag_stands_alone),
        TEST(a_chain_is_written_copied_and_digested),
        TEST(a_packed_chain_is_what_its_digest_is_of),
        TEST(no_more_than_128_are_read),
        TEST(what_is_known_of_the_same_bytes_is_taken),
    };

    return run_tests("chain", tests, COUNT(tests));
}
