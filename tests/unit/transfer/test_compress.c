/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/compress.h"

#include "base/mem.h"
#include "tests/support/run.h"
#include "transfer/manifest.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define SECOND 1000000000

/* A segment that shrinks well, or not at all. */
static unsigned char *segment_of(bool shrinks)
{
    unsigned char *at = mem_zeroed(SEGMENT_BYTES, 1);
    uint64_t x = 88172645463325252U;

    for (size_t i = 0; i < SEGMENT_BYTES; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        at[i] = shrinks ? (unsigned char)"abcdefgh"[x >> 61] : (unsigned char)(x >> 32);
    }
    return at;
}

static void what_is_packed_expands_again(void)
{
    scoped(compressor_clear) struct compressor c = {.how = COMPRESS_ALWAYS, .streams = 1};
    scoped(expander_clear) struct expander e = {0};
    unsigned char *at = segment_of(true);
    const struct span plain = span_of(at, SEGMENT_BYTES);
    const struct span packed = compress_segment(&c, plain);
    struct error err = {0};
    struct span again;

    CU_ASSERT(packed.n > 0 && packed.n < plain.n * 3 / 4);
    CU_ASSERT_FATAL(expand_segment(&e, packed, plain.n, &again, &err));
    CU_ASSERT(span_equal(plain, again));
    CU_ASSERT_EQUAL((uintptr_t)again.at % 4096, 0);
    mem_free(at);
}

static void noise_goes_as_it_is(void)
{
    scoped(compressor_clear) struct compressor c = {.how = COMPRESS_ALWAYS, .streams = 1};
    unsigned char *at = segment_of(false);

    CU_ASSERT_EQUAL(compress_segment(&c, span_of(at, SEGMENT_BYTES)).n, 0);
    CU_ASSERT_EQUAL(compress_segment(&c, span_of(at, 1)).n, 0);
    mem_free(at);
}

/* The same bytes on a link of 1 MB/s, on one of 100 GB/s, and before anything is known. */
static void the_link_decides(void)
{
    scoped(compressor_clear) struct compressor slow = {.streams = 2};
    scoped(compressor_clear) struct compressor fast = {.streams = 2};
    scoped(compressor_clear) struct compressor never = {.how = COMPRESS_NEVER,
                                                        .streams = 2};
    unsigned char *at = segment_of(true);
    const struct span plain = span_of(at, SEGMENT_BYTES);

    CU_ASSERT_EQUAL(compress_segment(&slow, plain).n, 0);
    compress_learn(&slow, 1000000, SECOND);
    compress_learn(&never, 1000000, SECOND);
    compress_learn(&fast, 1000000000, SECOND / 100);
    CU_ASSERT(compress_segment(&slow, plain).n > 0);
    CU_ASSERT_EQUAL(compress_segment(&fast, plain).n, 0);
    CU_ASSERT_EQUAL(compress_segment(&never, plain).n, 0);
    CU_ASSERT_PTR_NULL(never.room);
    mem_free(at);
}

/* Noise on a slow link is looked at less and less; what shrinks after it is found. */
static void doubts_grow_and_end(void)
{
    scoped(compressor_clear) struct compressor c = {.streams = 1};
    unsigned char *noise = segment_of(false), *text = segment_of(true);
    unsigned until = 0;

    compress_learn(&c, 1000000, SECOND);
    for (unsigned i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(compress_segment(&c, span_of(noise, SEGMENT_BYTES)).n, 0);
    CU_ASSERT(c.doubts > 1 && c.skip < 64);
    while (until < 64 && compress_segment(&c, span_of(text, SEGMENT_BYTES)).n == 0)
        until++;
    CU_ASSERT(until < 64);
    CU_ASSERT_EQUAL(c.doubts, 0);
    mem_free(noise);
    mem_free(text);
}

static enum msg expand(struct span packed, size_t length)
{
    scoped(expander_clear) struct expander e = {0};
    struct error err = {0};
    struct span plain;

    return expand_segment(&e, packed, length, &plain, &err) ? E_NONE : err.msg;
}

static void nothing_expands_beyond_what_was_announced(void)
{
    scoped(compressor_clear) struct compressor c = {.how = COMPRESS_ALWAYS, .streams = 1};
    unsigned char *zeros = mem_zeroed(SEGMENT_BYTES, 1);
    const struct span bomb = compress_segment(&c, span_of(zeros, SEGMENT_BYTES));

    CU_ASSERT(bomb.n > 0 && bomb.n < 4096);
    CU_ASSERT_EQUAL(expand(bomb, SEGMENT_BYTES), E_NONE);
    CU_ASSERT_EQUAL(expand(bomb, SEGMENT_BYTES - 1), E_SEGMENT_PACKED);
    CU_ASSERT_EQUAL(expand(bomb, 1), E_SEGMENT_PACKED);
    CU_ASSERT_EQUAL(expand(bomb, SEGMENT_BYTES + 1), E_SEGMENT_PACKED);
    CU_ASSERT_EQUAL(expand(span_head(bomb, bomb.n - 1), SEGMENT_BYTES), E_SEGMENT_PACKED);
    CU_ASSERT_EQUAL(expand(span_text("no frame at all"), 16), E_SEGMENT_PACKED);
    mem_free(zeros);
}

static void its_names(void)
{
    enum compress how;

    CU_ASSERT(compress_named(&how, "always") && how == COMPRESS_ALWAYS);
    CU_ASSERT(!compress_named(&how, "Always") && !compress_named(&how, ""));
    CU_ASSERT_STRING_EQUAL(compress_name(COMPRESS_AUTO), "auto");
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_is_packed_expands_again),
        TEST(noise_goes_as_it_is),
        TEST(the_link_decides),
        TEST(doubts_grow_and_end),
        TEST(nothing_expands_beyond_what_was_announced),
        TEST(its_names),
    };

    return run_tests("compress", tests, COUNT(tests));
}
