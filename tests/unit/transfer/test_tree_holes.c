/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/tree_holes.h"

#include "tests/support/run.h"
#include "tests/support/scratch.h"
#include "transfer/manifest.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>

/* The file `shell` makes, as an entry with what was found. */
static struct entry find(struct buf *extents, const char *shell)
{
    scoped(scratch_clear) struct scratch s;
    struct entry entry = {.kind = ENTRY_FILE};
    struct error err = {0};
    struct stat st;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, shell));
    CU_ASSERT_FATAL(fstatat(s.fd, "f", &st, 0) == 0);
    CU_ASSERT_FATAL(holes_find(extents, &entry.sparse, s.fd, "f", &st, &err));
    entry.size = (uint64_t)st.st_size;
    entry.extents = buf_span(extents);
    return entry;
}

static void a_file_without_holes_has_none(void)
{
    scoped(buf_clear) struct buf extents = buf_upto(4096);
    struct entry entry = find(&extents, "head -c 100000 /dev/urandom >f");

    CU_ASSERT_FALSE(entry.sparse);
    CU_ASSERT_EQUAL(entry_length(&entry), 100000);
    entry = find(&extents, ": >f");
    CU_ASSERT_FALSE(entry.sparse);
}

static void data_between_holes_is_found(void)
{
    scoped(buf_clear) struct buf extents = buf_upto(4096);
    const struct entry entry =
        find(&extents, "truncate -s 10M f; printf x | dd of=f bs=1 seek=5000000"
                       " conv=notrunc");
    struct extent extent;

    CU_ASSERT_FATAL(entry.sparse);
    CU_ASSERT(entry_length(&entry) > 0 && entry_length(&entry) < 1000000);
    CU_ASSERT(entry_extent(&entry, 0, &extent));
    CU_ASSERT(extent.at <= 5000000 && extent.at + extent.n > 5000000);
    CU_ASSERT_FALSE(entry_extent(&entry, 1, &extent));
}

static void a_file_of_one_hole_has_no_data(void)
{
    scoped(buf_clear) struct buf extents = buf_upto(4096);
    const struct entry entry = find(&extents, "truncate -s 10M f");

    CU_ASSERT(entry.sparse && entry.extents.n == 0);
}

static void a_file_emptied_since_it_was_looked_at_has_none(void)
{
    scoped(buf_clear) struct buf extents = buf_upto(4096);
    scoped(scratch_clear) struct scratch s;
    struct error err = {0};
    struct stat st;
    bool sparse = true;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "truncate -s 10M f"));
    CU_ASSERT_FATAL(fstatat(s.fd, "f", &st, 0) == 0);
    CU_ASSERT_FATAL(scratch_shell(&s, ": >f"));
    CU_ASSERT(holes_find(&extents, &sparse, s.fd, "f", &st, &err));
    CU_ASSERT_FALSE(sparse);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_file_without_holes_has_none),
        TEST(data_between_holes_is_found),
        TEST(a_file_of_one_hole_has_no_data),
        TEST(a_file_emptied_since_it_was_looked_at_has_none),
    };

    return run_tests("tree_holes", tests, COUNT(tests));
}
