/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/manifest_read.h"

#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* What layout_admit says of a file or directory after a root and what `before` lists. */
static enum msg verdict_on(const struct entry *before, size_t n, const struct entry *entry)
{
    const struct entry root = {.kind = ENTRY_DIRECTORY};
    struct layout layout = {0};
    struct error err = {0};

    CU_ASSERT_FATAL(layout_admit(&layout, &root, &err));
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_FATAL(layout_admit(&layout, &before[i], &err));
    return layout_admit(&layout, entry, &err) ? E_NONE : err.msg;
}

static struct entry entry_at(enum entry_kind kind, const char *path)
{
    return (struct entry){.kind = kind, .path = span_text(path)};
}

static void paths_that_could_escape_are_refused(void)
{
    static const char *const paths[] = {"/etc", "..",  "../x", "a/../b", "a//b", "a/",
                                        ".",    "./a", "a/.",  "",       "/"};

    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct entry entry = entry_at(ENTRY_FILE, paths[i]);
        const enum msg said = verdict_on(NULL, 0, &entry);

        CU_ASSERT_EQUAL(said, E_MANIFEST_PATH);
    }
}

static void a_nul_in_a_path_is_refused(void)
{
    const struct entry entry = {.kind = ENTRY_FILE, .path = span_of("a\0b", 3)};

    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &entry), E_MANIFEST_PATH);
}

static void a_component_longer_than_a_name_is_refused(void)
{
    char name[NAME_MAX + 2];
    struct entry entry = {.kind = ENTRY_FILE};

    memset(name, 'x', sizeof(name));
    entry.path = span_of(name, NAME_MAX + 1);
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &entry), E_MANIFEST_PATH);
    entry.path = span_of(name, NAME_MAX);
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &entry), E_NONE);
}

static void the_first_entry_is_the_root(void)
{
    const struct entry file = {.kind = ENTRY_FILE};
    const struct entry named = entry_at(ENTRY_DIRECTORY, "a");
    struct layout layout = {0};
    struct error err = {0};

    CU_ASSERT_FALSE(layout_admit(&layout, &file, &err));
    CU_ASSERT_FALSE(layout_admit(&layout, &named, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_ORDER);
}

static void entries_stand_in_walking_order(void)
{
    const struct entry b = entry_at(ENTRY_FILE, "b");
    const struct entry a = entry_at(ENTRY_FILE, "a");

    CU_ASSERT_EQUAL(verdict_on(&b, 1, &a), E_MANIFEST_ORDER);
    CU_ASSERT_EQUAL(verdict_on(&b, 1, &b), E_MANIFEST_ORDER);
    CU_ASSERT_EQUAL(verdict_on(&a, 1, &b), E_NONE);
}

static void a_slash_comes_before_every_other_byte(void)
{
    const struct entry before[] = {entry_at(ENTRY_DIRECTORY, "a"),
                                   entry_at(ENTRY_FILE, "a/x")};
    const struct entry sibling = entry_at(ENTRY_FILE, "a.b");
    const struct entry late = entry_at(ENTRY_FILE, "a/w");

    CU_ASSERT_EQUAL(verdict_on(before, 2, &sibling), E_NONE);
    CU_ASSERT_EQUAL(verdict_on(before, 2, &late), E_MANIFEST_ORDER);
    CU_ASSERT(entry_compare_paths(span_text("a/x"), span_text("a\x01")) < 0);
    CU_ASSERT(entry_compare_paths(span_text("a"), span_text("a/x")) < 0);
}

static void nothing_stands_in_a_file_or_a_link(void)
{
    struct entry link = entry_at(ENTRY_SYMLINK, "a");
    const struct entry file = entry_at(ENTRY_FILE, "a");
    const struct entry inside = entry_at(ENTRY_FILE, "a/b");
    const struct entry nowhere = entry_at(ENTRY_FILE, "b/c");

    link.target = span_text("/etc");
    CU_ASSERT_EQUAL(verdict_on(&link, 1, &inside), E_MANIFEST_ORDER);
    CU_ASSERT_EQUAL(verdict_on(&file, 1, &inside), E_MANIFEST_ORDER);
    CU_ASSERT_EQUAL(verdict_on(&file, 1, &nowhere), E_MANIFEST_ORDER);
}

static void a_link_names_an_earlier_entry(void)
{
    static const char *const targets[] = {"c", "../a", "/a", "a//b", "b"};
    struct entry link = entry_at(ENTRY_LINK, "b");

    for (size_t i = 0; i < COUNT(targets); i++) {
        link.target = span_text(targets[i]);
        CU_ASSERT_EQUAL(verdict_on(NULL, 0, &link), E_MANIFEST_PATH);
    }
    link.target = span_text("a");
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &link), E_NONE);
}

static void small_files_are_packed_and_large_ones_aligned(void)
{
    struct layout layout = {.at = 5};

    CU_ASSERT_EQUAL(layout_offset(&layout, 0), 0);
    CU_ASSERT_EQUAL(layout_offset(&layout, ALIGNED_FILE_BYTES - 1), 5);
    CU_ASSERT_EQUAL(layout_offset(&layout, ALIGNED_FILE_BYTES), SEGMENT_BYTES);
    layout.at = SEGMENT_BYTES;
    CU_ASSERT_EQUAL(layout_offset(&layout, ALIGNED_FILE_BYTES), SEGMENT_BYTES);
}

static void another_offset_is_refused(void)
{
    struct entry file = entry_at(ENTRY_FILE, "a");

    file.size = 10;
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_NONE);
    file.offset = 1;
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_LAYOUT);
    file.size = 0;
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_LAYOUT);
}

static void sizes_that_overflow_are_refused(void)
{
    struct entry file = entry_at(ENTRY_FILE, "a");

    file.size = UINT64_MAX;
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_LAYOUT);
    file.size = INT64_MAX;
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_TREE_LARGE);
}

static void data_ranges_ascend_within_the_file(void)
{
    static const unsigned char good[32] = {[7] = 1, [15] = 2, [23] = 5, [31] = 5};
    static const unsigned char touching[32] = {[7] = 1, [15] = 2, [23] = 3, [31] = 5};
    static const unsigned char beyond[16] = {[7] = 1, [15] = 200};
    static const unsigned char huge[16] = {[0] = 255, [7] = 1, [8] = 255, [15] = 1};
    static const unsigned char none[16] = {[7] = 1};
    struct entry file = entry_at(ENTRY_FILE, "a");

    file.size = 10;
    file.sparse = true;
    file.extents = span_of(good, sizeof(good));
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_NONE);
    CU_ASSERT_EQUAL(entry_length(&file), 7);
    file.extents = span_of(touching, sizeof(touching));
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_LAYOUT);
    file.extents = span_of(beyond, sizeof(beyond));
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_LAYOUT);
    file.extents = span_of(huge, sizeof(huge));
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_LAYOUT);
    file.extents = span_of(none, sizeof(none));
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_LAYOUT);
    file.extents = span_of(good, 15);
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_LAYOUT);
}

static void other_mode_bits_and_times_are_refused(void)
{
    struct entry file = entry_at(ENTRY_FILE, "a");

    file.mode = 0100644;
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_BAD);
    file.mode = 0644;
    file.mtime_ns = 1000000000;
    CU_ASSERT_EQUAL(verdict_on(NULL, 0, &file), E_MANIFEST_BAD);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(paths_that_could_escape_are_refused),
        TEST(a_nul_in_a_path_is_refused),
        TEST(a_component_longer_than_a_name_is_refused),
        TEST(the_first_entry_is_the_root),
        TEST(entries_stand_in_walking_order),
        TEST(a_slash_comes_before_every_other_byte),
        TEST(nothing_stands_in_a_file_or_a_link),
        TEST(a_link_names_an_earlier_entry),
        TEST(small_files_are_packed_and_large_ones_aligned),
        TEST(another_offset_is_refused),
        TEST(sizes_that_overflow_are_refused),
        TEST(data_ranges_ascend_within_the_file),
        TEST(other_mode_bits_and_times_are_refused),
    };

    return run_tests("manifest_layout", tests, COUNT(tests));
}
