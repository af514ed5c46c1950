/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"
#include "base/mem.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdint.h>
#include <string.h>

static void a_buf_takes_what_its_ceiling_allows_and_no_more(void)
{
    scoped(buf_clear) struct buf buf = buf_upto(8);
    struct error err = {0};

    CU_ASSERT(buf_add_text(&buf, "12345678", &err));
    CU_ASSERT_FALSE(buf_add_byte(&buf, '9', &err));
    CU_ASSERT_EQUAL(err.msg, E_TOO_LARGE);
    CU_ASSERT_EQUAL(buf.n, 8);
}

static void a_terminated_buf_reads_as_a_string_and_stays_as_long(void)
{
    scoped(buf_clear) struct buf buf = buf_upto(3);
    struct error err = {0};

    CU_ASSERT(buf_add_text(&buf, "abc", &err) && buf_terminate(&buf, &err));
    CU_ASSERT_STRING_EQUAL((const char *)buf.at, "abc");
    CU_ASSERT_EQUAL(buf.n, 3);
}

static void numbers_are_big_endian(void)
{
    scoped(buf_clear) struct buf buf = buf_upto(14);
    struct error err = {0};

    CU_ASSERT(buf_add_u16(&buf, 0x0102, &err) && buf_add_u32(&buf, 0x03040506, &err) &&
              buf_add_u64(&buf, 0x0708090a0b0c0d0e, &err));
    for (size_t i = 0; i < buf.n; i++)
        CU_ASSERT_EQUAL(buf.at[i], i + 1);
}

static void growing_keeps_the_contents(void)
{
    scoped(buf_clear) struct buf buf = buf_upto(100000);
    struct error err = {0};

    for (unsigned i = 0; i < 100000; i++)
        CU_ASSERT_FATAL(buf_add_byte(&buf, i & 255, &err));
    for (unsigned i = 0; i < 100000; i++)
        CU_ASSERT_EQUAL_FATAL(buf.at[i], (i & 255));
}

static void resetting_wipes_and_keeps_the_room(void)
{
    scoped(buf_clear) struct buf buf = buf_upto(64);
    struct error err = {0};
    const unsigned char *at;

    CU_ASSERT(buf_add_text(&buf, "a secret", &err));
    at = buf.at;
    buf_reset(&buf);
    CU_ASSERT_PTR_EQUAL(buf.at, at);
    CU_ASSERT_EQUAL(buf.n, 0);
    CU_ASSERT_EQUAL(memcmp(at, "\0\0\0\0\0\0\0\0", 8), 0);
}

static void printing_formats_what_fits(void)
{
    scoped(buf_clear) struct buf buf = buf_upto(8);
    struct error err = {0};

    CU_ASSERT(buf_print(&buf, &err, "%d-%s", 42, "x"));
    CU_ASSERT(span_equal(buf_span(&buf), span_text("42-x")));
    CU_ASSERT_FALSE(buf_print(&buf, &err, "%s", "too long by far"));
    CU_ASSERT_EQUAL(buf.n, 4);
}

static void a_cleared_buf_may_be_cleared_again_and_used(void)
{
    struct buf buf = buf_upto(8);
    struct error err = {0};

    buf_clear(&buf);
    buf_clear(&buf);
    CU_ASSERT(buf_add_text(&buf, "again", &err));
    buf_clear(&buf);
}

static void allocated_texts_are_copies(void)
{
    char *copy = mem_text("text");

    CU_ASSERT_STRING_EQUAL(copy, "text");
    mem_free(copy);
}

static void aligned_memory_begins_at_a_block(void)
{
    for (size_t n = 0; n <= 2 * MEM_BLOCK; n += MEM_BLOCK / 2) {
        unsigned char *at = mem_aligned(n);

        CU_ASSERT_EQUAL((uintptr_t)at % MEM_BLOCK, 0);
        memset(at, 1, n);
        mem_free(at);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_buf_takes_what_its_ceiling_allows_and_no_more),
        TEST(a_terminated_buf_reads_as_a_string_and_stays_as_long),
        TEST(numbers_are_big_endian),
        TEST(growing_keeps_the_contents),
        TEST(resetting_wipes_and_keeps_the_room),
        TEST(printing_formats_what_fits),
        TEST(a_cleared_buf_may_be_cleared_again_and_used),
        TEST(allocated_texts_are_copies),
        TEST(aligned_memory_begins_at_a_block),
    };

    return run_tests("buf", tests, COUNT(tests));
}
