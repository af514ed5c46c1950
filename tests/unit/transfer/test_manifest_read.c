/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/manifest_read.h"

#include "tests/support/run.h"
#include "transfer/manifest_form.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define ROOM 4096

/* A page with one record: the root's, with whatever a test changes about it. */
struct page {
    struct buf bytes;
    struct error err;
};

static void page_clear(struct page *page)
{
    buf_clear(&page->bytes);
}

static struct page page_of(const struct entry *entry)
{
    scoped(buf_clear) struct buf record = buf_upto(ROOM);
    struct page page = {.bytes = buf_upto(ROOM)};

    CU_ASSERT_FATAL(record_encode(&record, entry, &page.err));
    CU_ASSERT_FATAL(buf_add_text(&page.bytes, PAGE_MAGIC, &page.err));
    CU_ASSERT_FATAL(buf_add_u32(&page.bytes, PAGE_VERSION, &page.err));
    CU_ASSERT_FATAL(buf_add_u32(&page.bytes, 0, &page.err));
    CU_ASSERT_FATAL(buf_add_u32(&page.bytes, 1, &page.err));
    CU_ASSERT_FATAL(buf_add_u64(&page.bytes, 0, &page.err));
    CU_ASSERT_FATAL(buf_add_u64(&page.bytes, 0, &page.err));
    CU_ASSERT_FATAL(buf_add(&page.bytes, buf_span(&record), &page.err));
    return page;
}

static struct page page_of_file(void)
{
    const struct entry entry = {.kind = ENTRY_FILE, .path = span_text("f"), .mode = 0644};

    return page_of(&entry);
}

/* E_NONE when the page reads to its end. */
static enum msg reading_says(const struct page *page)
{
    struct page_reader reader;
    struct entry entry;
    struct error err = {0};

    if (!page_begin(&reader, buf_span(&page->bytes), &err))
        return err.msg;
    while (page_next(&reader, &entry, &err))
        continue;
    return err.msg;
}

static void what_was_written_is_read(void)
{
    const struct entry given = {.kind = ENTRY_FILE,
                                .path = span_text("dir/file"),
                                .mode = 04755,
                                .uid = 7,
                                .gid = 8,
                                .user = span_text("u"),
                                .group = span_text("g"),
                                .mtime = -5,
                                .mtime_ns = 999999999,
                                .size = 1ULL << 40,
                                .offset = 1ULL << 41,
                                .xattrs = span_of("\0\1a\0\0\0\1b", 8),
                                .reference = 6,
                                .has_identity = true,
                                .identity = {.device = 1, .inode = 2, .ctime = 3}};
    scoped(page_clear) struct page page = page_of(&given);
    struct page_reader reader;
    struct entry entry;
    struct xattr xattr = {0};

    CU_ASSERT_FATAL(page_begin(&reader, buf_span(&page.bytes), &page.err));
    CU_ASSERT_FATAL(page_next(&reader, &entry, &page.err));
    CU_ASSERT(span_equal(entry.path, given.path));
    CU_ASSERT(entry.mode == 04755 && entry.uid == 7 && entry.gid == 8);
    CU_ASSERT(entry.mtime == -5 && entry.mtime_ns == 999999999);
    CU_ASSERT(entry.size == given.size && entry.offset == given.offset);
    CU_ASSERT(span_equal(entry.user, given.user) && span_equal(entry.group, given.group));
    CU_ASSERT(entry.reference == 6 && entry_carried(&entry) == 0);
    CU_ASSERT_EQUAL(entry_length(&entry), given.size);
    CU_ASSERT(entry.has_identity && entry.identity.ctime == 3);
    CU_ASSERT(entry_take_xattr(&entry.xattrs, &xattr));
    CU_ASSERT(span_equal(xattr.name, span_text("a")));
    CU_ASSERT(span_equal(xattr.value, span_text("b")));
    CU_ASSERT_FALSE(page_next(&reader, &entry, &page.err));
    CU_ASSERT_EQUAL(page.err.msg, E_NONE);
}

static void every_truncation_is_refused(void)
{
    scoped(page_clear) struct page page = page_of_file();

    while (page.bytes.n-- > 0)
        CU_ASSERT_EQUAL(reading_says(&page), E_MANIFEST_BAD);
    page.bytes.n = 0;
}

static void bytes_behind_the_last_record_are_refused(void)
{
    scoped(page_clear) struct page page = page_of_file();

    CU_ASSERT(buf_add_byte(&page.bytes, 0, &page.err));
    CU_ASSERT_EQUAL(reading_says(&page), E_MANIFEST_BAD);
}

static void a_length_beyond_the_page_is_refused(void)
{
    scoped(page_clear) struct page page = page_of_file();

    page.bytes.at[PAGE_HEAD_BYTES] = 0xff;
    CU_ASSERT_EQUAL(reading_says(&page), E_MANIFEST_BAD);
}

static void a_kind_of_the_future_is_refused_as_such(void)
{
    scoped(page_clear) struct page page = page_of_file();

    page.bytes.at[PAGE_HEAD_BYTES + 5] = 9;
    CU_ASSERT_EQUAL(reading_says(&page), E_MANIFEST_NEWER);
    page.bytes.at[PAGE_HEAD_BYTES + 5] = 0;
    CU_ASSERT_EQUAL(reading_says(&page), E_MANIFEST_NEWER);
}

static void a_version_of_the_future_is_refused_as_such(void)
{
    scoped(page_clear) struct page page = page_of_file();

    page.bytes.at[7] = 2;
    CU_ASSERT_EQUAL(reading_says(&page), E_MANIFEST_NEWER);
    page.bytes.at[0] = 'X';
    CU_ASSERT_EQUAL(reading_says(&page), E_MANIFEST_BAD);
}

/* The record grows by one field with this tag and an empty value. */
static void append_field(struct page *page, unsigned tag)
{
    CU_ASSERT_FATAL(buf_add_u16(&page->bytes, tag, &page->err));
    CU_ASSERT_FATAL(buf_add_u32(&page->bytes, 0, &page->err));
    page->bytes.at[PAGE_HEAD_BYTES + 3] =
        (unsigned char)(page->bytes.at[PAGE_HEAD_BYTES + 3] + FIELD_HEAD_BYTES);
}

static void an_unknown_field_is_refused_unless_optional(void)
{
    scoped(page_clear) struct page skipped = page_of_file();
    scoped(page_clear) struct page refused = page_of_file();

    append_field(&skipped, FIELD_OPTIONAL | 99);
    CU_ASSERT_EQUAL(reading_says(&skipped), E_NONE);
    append_field(&refused, FIELD_REFERENCE + 1);
    CU_ASSERT_EQUAL(reading_says(&refused), E_MANIFEST_NEWER);
}

static void fields_out_of_order_or_twice_are_refused(void)
{
    scoped(page_clear) struct page back = page_of_file();
    scoped(page_clear) struct page twice = page_of_file();

    append_field(&back, FIELD_PATH);
    CU_ASSERT_EQUAL(reading_says(&back), E_MANIFEST_BAD);
    append_field(&twice, FIELD_OPTIONAL | 7);
    append_field(&twice, FIELD_OPTIONAL | 7);
    CU_ASSERT_EQUAL(reading_says(&twice), E_MANIFEST_BAD);
}

static void a_file_has_no_target_and_a_symlink_has_one(void)
{
    struct entry entry = {
        .kind = ENTRY_FILE, .path = span_text("f"), .target = span_text("t")};
    scoped(page_clear) struct page file = page_of(&entry);
    scoped(page_clear) struct page link = {0};

    CU_ASSERT_EQUAL(reading_says(&file), E_MANIFEST_BAD);
    entry = (struct entry){.kind = ENTRY_SYMLINK, .path = span_text("f")};
    link = page_of(&entry);
    CU_ASSERT_EQUAL(reading_says(&link), E_MANIFEST_BAD);
}

static void an_empty_page_is_refused(void)
{
    scoped(page_clear) struct page page = page_of_file();

    page.bytes.n = PAGE_HEAD_BYTES;
    page.bytes.at[15] = 0;
    CU_ASSERT_EQUAL(reading_says(&page), E_MANIFEST_BAD);
}

static void broken_attributes_are_not_taken(void)
{
    struct span xattrs = span_of("\0\5ab", 4);
    struct xattr xattr;

    CU_ASSERT_FALSE(entry_take_xattr(&xattrs, &xattr));
    xattrs = span_of("\0\1a\xff\xff\xff\xff", 7);
    CU_ASSERT_FALSE(entry_take_xattr(&xattrs, &xattr));
    CU_ASSERT_EQUAL(xattrs.n, 7);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(what_was_written_is_read),
        TEST(every_truncation_is_refused),
        TEST(bytes_behind_the_last_record_are_refused),
        TEST(a_length_beyond_the_page_is_refused),
        TEST(a_kind_of_the_future_is_refused_as_such),
        TEST(a_version_of_the_future_is_refused_as_such),
        TEST(an_unknown_field_is_refused_unless_optional),
        TEST(fields_out_of_order_or_twice_are_refused),
        TEST(a_file_has_no_target_and_a_symlink_has_one),
        TEST(an_empty_page_is_refused),
        TEST(broken_attributes_are_not_taken),
    };

    return run_tests("manifest_read", tests, COUNT(tests));
}
