/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/pem.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

#define BLOCK "-----BEGIN THING-----\naGVsbG8=\n-----END THING-----\n"

/* How a text fails, E_NONE when all its blocks decode; the last one is in *out. */
static enum msg outcome(struct buf *out, struct span text, unsigned *blocks)
{
    struct pem_block block = {0};
    struct error err = {0};
    struct pem pem = {0};
    bool found = true;

    *blocks = 0;
    *out = buf_upto(1024);
    if (!pem_open(&pem, text, &err))
        return err.msg;
    while (pem_next(&block, &found, &pem, &err) && found) {
        ++*blocks;
        buf_reset(out);
        if (!pem_decode(out, &block, &err))
            break;
    }
    return err.msg;
}

static enum msg reads(const char *text)
{
    scoped(buf_clear) struct buf out = {0};
    unsigned blocks = 0;

    return outcome(&out, span_text(text), &blocks);
}

static void assert_hello(const char *text, unsigned blocks)
{
    scoped(buf_clear) struct buf out = {0};
    unsigned n = 0;

    CU_ASSERT_EQUAL(outcome(&out, span_text(text), &n), E_NONE);
    CU_ASSERT_EQUAL(n, blocks);
    CU_ASSERT_TRUE(span_equal(buf_span(&out), span_text("hello")));
}

static void what_editors_do_to_text_is_fine(void)
{
    assert_hello(BLOCK, 1);
    assert_hello("\xEF\xBB\xBF" BLOCK, 1);
    assert_hello("-----BEGIN THING-----\r\naGVs\r\n bG8= \r\n-----END THING-----", 1);
    assert_hello("a note\n" BLOCK "-- \nanother: =\n" BLOCK, 2);
}

static void what_is_no_text_is_told_apart(void)
{
    scoped(buf_clear) struct buf out = {0};
    unsigned n = 0;

    CU_ASSERT_EQUAL(reads(""), E_PEM_EMPTY);
    CU_ASSERT_EQUAL(reads(" \r\n\t"), E_PEM_EMPTY);
    CU_ASSERT_EQUAL(reads("\x30\x82\x01\x02"), E_PEM_DER);
    CU_ASSERT_EQUAL(reads("\xFF\xFE-"), E_PEM_BINARY);
    CU_ASSERT_EQUAL(outcome(&out, span_of("a\0b", 3), &n), E_PEM_BINARY);
}

static void a_damaged_boundary_is_never_taken_for_text(void)
{
    CU_ASSERT_EQUAL(reads("-----BEGIN THING----\naGVsbG8=\n-----END THING-----\n"),
                    E_PEM_BLOCK);
    CU_ASSERT_EQUAL(reads(" -----BEGIN THING-----\naGVsbG8=\n-----END THING-----\n"),
                    E_PEM_BLOCK);
    CU_ASSERT_EQUAL(reads("-----BEGIN thing-----\naGVsbG8=\n-----END thing-----\n"),
                    E_PEM_BLOCK);
    CU_ASSERT_EQUAL(reads("-----BEGIN THING-----\naGVsbG8=\n"), E_PEM_BLOCK);
    CU_ASSERT_EQUAL(reads("aGVsbG8=\n-----END THING-----\n"), E_PEM_BLOCK);
    CU_ASSERT_EQUAL(reads("-----BEGIN A-----\naGVsbG8=\n-----END B-----\n"), E_PEM_BLOCK);
    CU_ASSERT_EQUAL(reads("-----BEGIN A-----\n" BLOCK), E_PEM_BLOCK);
}

static void base64_is_strict(void)
{
    CU_ASSERT_EQUAL(reads("-----BEGIN A-----\naGV_bG8=\n-----END A-----\n"), E_PEM_BASE64);
    CU_ASSERT_EQUAL(reads("-----BEGIN A-----\naGVsbG8\n-----END A-----\n"), E_PEM_BASE64);
    CU_ASSERT_EQUAL(reads("-----BEGIN A-----\naG==bG8=\n-----END A-----\n"), E_PEM_BASE64);
    CU_ASSERT_EQUAL(reads("-----BEGIN A-----\nProc-Type: 4\n\naGVs\n-----END A-----\n"),
                    E_PEM_BASE64);
}

static void a_label_that_is_too_long_is_refused(void)
{
    CU_ASSERT_EQUAL(reads("-----BEGIN AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                          "AAAAAAAAAAAAAAAAAAAAAAA-----\nAAAA\n"),
                    E_PEM_BLOCK);
}

static void a_block_beyond_its_ceiling_is_refused(void)
{
    scoped(buf_clear) struct buf out = buf_upto(4);
    struct pem_block block = {.label = "A", .body = span_text("aGVsbG8=")};
    struct error err = {0};

    CU_ASSERT_FALSE(pem_decode(&out, &block, &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
}

static void private_keys_are_seen_even_when_damaged(void)
{
    CU_ASSERT_TRUE(pem_has_private_key(span_text("-----BEGIN RSA PRIVATE KEY-----\n!")));
    CU_ASSERT_TRUE(pem_has_private_key(span_text("x-----END ENCRYPTED PRIVATE KEY-----")));
    CU_ASSERT_FALSE(pem_has_private_key(span_text("my PRIVATE KEY is elsewhere")));
}

static void what_is_written_reads_back(void)
{
    static const unsigned char bytes[100] = {1, 2, 3};
    scoped(buf_clear) struct buf text = buf_upto(1024), out = {0};
    struct error err = {0};
    unsigned n = 0;

    CU_ASSERT_TRUE(pem_add(&text, "THING", span_of(bytes, sizeof(bytes)), &err));
    CU_ASSERT_EQUAL(outcome(&out, buf_span(&text), &n), E_NONE);
    CU_ASSERT_TRUE(span_equal(buf_span(&out), span_of(bytes, sizeof(bytes))));
    CU_ASSERT_EQUAL(text.n,
                    sizeof("-----BEGIN THING-----\n-----END THING-----\n") - 1 + 136 + 3);
}

static void the_block_that_counts_is_found_among_others(void)
{
    static const char text[] = "-----BEGIN A-----\nQQ==\n-----END A-----\n"
                               "-----BEGIN C-----\nQw==\n-----END C-----\n"
                               "-----BEGIN B-----\nQg==\n-----END B-----\n";
    static const char *const labels[] = {"B", "C"};
    scoped(buf_clear) struct buf out = buf_upto(16), none = buf_upto(16);
    struct error err = {0};
    size_t which = 9;

    CU_ASSERT(pem_find(&out, &which, span_text(text), labels, 2, &err));
    CU_ASSERT_EQUAL(which, 1);
    CU_ASSERT(span_equal(buf_span(&out), span_text("C")));
    CU_ASSERT_FALSE(
        pem_find(&none, &which, span_head(span_text(text), 40), labels, 2, &err));
    CU_ASSERT_EQUAL(err.msg, E_NONE); /* nothing is wrong; it is not there */
    CU_ASSERT_FALSE(
        pem_find(&none, &which, span_head(span_text(text), 60), labels, 2, &err));
    CU_ASSERT_EQUAL(err.msg, E_PEM_BLOCK);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_editors_do_to_text_is_fine),
        TEST(what_is_no_text_is_told_apart),
        TEST(a_damaged_boundary_is_never_taken_for_text),
        TEST(base64_is_strict),
        TEST(a_label_that_is_too_long_is_refused),
        TEST(a_block_beyond_its_ceiling_is_refused),
        TEST(private_keys_are_seen_even_when_damaged),
        TEST(what_is_written_reads_back),
        TEST(the_block_that_counts_is_found_among_others),
    };

    return run_tests("pem", tests, COUNT(tests));
}
