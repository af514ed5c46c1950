/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/manifest_read.h"

#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>

/* Every byte of every file is in exactly one piece, and no segment has a gap. */
static void check_all(struct carry *c)
{
    scoped(cut_clear) struct cut cut = {0};
    struct error err = {0};
    uint64_t bytes = 0;
    uint64_t files = 0;

    for (uint64_t n = 0; n < c->manifest.sum.segments; n++) {
        struct piece piece;
        size_t length = 0;
        size_t at = 0;

        CU_ASSERT_FATAL(cut_length(&length, &cut, &c->manifest, n, &err));
        CU_ASSERT(length > 0 && length <= SEGMENT_BYTES);
        CU_ASSERT_FATAL(cut_begin(&cut, &c->manifest, n, &err));
        while (cut_next(&cut, &piece, &err)) {
            CU_ASSERT_EQUAL(piece.at, at);
            at += piece.n;
            files += piece.ends_file;
            CU_ASSERT(!piece.whole || piece.n == entry_length(&piece.entry));
        }
        CU_ASSERT_EQUAL(err.msg, E_NONE);
        CU_ASSERT_EQUAL(at, length);
        bytes += at;
    }
    CU_ASSERT_EQUAL(bytes, c->manifest.sum.bytes);
    CU_ASSERT(files <= c->manifest.sum.files);
}

static void every_byte_is_in_one_piece(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, "for n in 0 1 4095 1048575 1048576 1048577 4194303 4194304 4194305"
                   " 8388608 9000000; do head -c $n /dev/zero | tr '\\0' x >$n;"
                   " printf tail >$n.small; done; mkdir d; touch d/empty");
    carry_list(&c);
    check_all(&c);
}

static void holes_are_in_none(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, "truncate -s 50M a; for i in 1 9 23 41; do printf x |"
                   " dd of=a bs=1M seek=$i conv=notrunc; done; printf y >b");
    carry_list(&c);
    CU_ASSERT(c.manifest.sum.bytes < 1000000);
    check_all(&c);
}

static void many_pages_are_walked(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, "for i in $(seq 9000); do echo $i >a-rather-long-name-to-fill-pages-$i;"
                   " done");
    carry_list(&c);
    CU_ASSERT(c.manifest.n > 1);
    check_all(&c);
}

static void there_is_no_segment_behind_the_last(void)
{
    scoped(carry_clear) struct carry c;
    scoped(cut_clear) struct cut cut = {0};
    struct error err = {0};

    carry_make(&c, "printf x >f");
    carry_list(&c);
    CU_ASSERT_FALSE(cut_begin(&cut, &c.manifest, 1, &err));
    CU_ASSERT_EQUAL(err.msg, E_SEGMENT_NUMBER);
    c.manifest.closed = false;
    err = (struct error){0};
    CU_ASSERT_FALSE(cut_begin(&cut, &c.manifest, 0, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_OPEN);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_byte_is_in_one_piece),
        TEST(holes_are_in_none),
        TEST(many_pages_are_walked),
        TEST(there_is_no_segment_behind_the_last),
    };

    return run_tests("manifest_cut", tests, COUNT(tests));
}
