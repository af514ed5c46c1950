/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/receive.h"

#include "base/text.h"
#include "tests/support/carry.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char everything[] =
    "mkdir -p a/b/c empty 'with space' ro &&"
    "printf hello >a/one && : >a/none && head -c 1048576 /dev/urandom >a/b/mib &&"
    "head -c 9000001 /dev/urandom >a/b/c/large && head -c 5 /dev/urandom >a.b &&"
    "ln -s ../one a/b/link && ln -s /nowhere dangling && ln a/one again && ln a/b/mib z &&"
    "ln -P dangling dangling2 &&"
    "truncate -s 20M hole && printf x | dd of=hole bs=1 seek=9999999 conv=notrunc &&"
    "truncate -s 3M allhole && printf end >ro/f && printf '\\377\\376' >\"$(printf 'n\\377\\n')\" &&"
    "for i in $(seq 300); do echo $i >with\\ space/$i; done &&"
    "chmod 4751 a/one && chmod 1777 empty && chmod 2750 a && { test $(id -u) != 0 || chmod 0 a/none; } &&"
    "touch -d '2001-02-03 04:05:06.789012345' a/one a/b ro && touch -h -d 1999-01-01 dangling &&"
    "chmod 0555 ro && { setfattr -n user.note -v text a/one 2>/dev/null || :; } &&"
    "{ setfacl -m u:nobody:rw a.b && setfacl -d -m g:nogroup:r empty || :; } &&"
    "{ chown -R 12345:23456 a/b || :; } && touch -d 2010-10-10T10:10:10.5 .";

static void a_tree_arrives_as_it_was(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, everything);
    carry_all(&c);
    CU_ASSERT_EQUAL(c.findings.n, 0);
    CU_ASSERT(carry_is_same(&c));
    CU_ASSERT(scratch_shell(&c.scratch, "diff -r --no-dereference from into/tree"));
    CU_ASSERT(scratch_shell(&c.scratch, "test $(stat -c %b into/tree/hole) -lt 64"));
    CU_ASSERT(scratch_shell(&c.scratch, "test $(stat -c %h into/tree/a/one) = 2"));
    CU_ASSERT(
        scratch_shell(&c.scratch, "test $(stat -c %Y into/tree) = $(stat -c %Y from)"));
}

static void an_empty_tree_arrives(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, "chmod 711 .");
    carry_all(&c);
    CU_ASSERT_EQUAL(c.manifest.sum.segments, 0);
    CU_ASSERT(carry_is_same(&c));
}

static void sha256_serves_as_well(void)
{
    scoped(carry_clear) struct carry c;

    carry_make(&c, "printf x >f");
    c.kind = DIGEST_SHA256;
    carry_all(&c);
    CU_ASSERT(carry_is_same(&c));
}

static void a_dropped_target_goes_on_where_it_was(void)
{
    scoped(carry_clear) struct carry c;
    struct receive_status status;
    struct error err = {0};

    carry_make(&c, "head -c 20000000 /dev/urandom >big; seq 1000 >small");
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    carry_pages(&c);
    CU_ASSERT(carry_segment(&c, 0, &err) && carry_segment(&c, 3, &err));
    carry_drop(&c);
    receive_status(&c.receive, &status);
    CU_ASSERT_EQUAL(status.received, 2);
    CU_ASSERT_EQUAL(status.durable, 0);
    carry_missing(&c);
    CU_ASSERT(carry_seal(&c, &err));
    carry_drop(&c);
    CU_ASSERT(receive_publish(&c.receive, &err));
    CU_ASSERT(carry_is_same(&c));
}

static void missing_segments_come_as_ranges(void)
{
    scoped(carry_clear) struct carry c;
    struct ranges ranges = {0};
    struct error err = {0};

    carry_make(&c, "head -c 20000000 /dev/urandom >big");
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    CU_ASSERT_FALSE(receive_missing(&c.receive, 0, &ranges, &err));
    CU_ASSERT_EQUAL(err.msg, E_MANIFEST_OPEN);
    ranges_clear(&ranges);
    carry_pages(&c);
    memset(&err, 0, sizeof(err));
    CU_ASSERT(carry_segment(&c, 2, &err));
    CU_ASSERT_FATAL(receive_missing(&c.receive, 1, &ranges, &err));
    CU_ASSERT_EQUAL_FATAL(ranges.n, 2);
    CU_ASSERT(ranges.item[0].first == 1 && ranges.item[0].last == 1);
    CU_ASSERT(ranges.item[1].first == 3 && ranges.item[1].last == 4);
    ranges_clear(&ranges);
}

static void a_destination_that_exists_is_refused(void)
{
    scoped(carry_clear) struct carry c;
    struct error err = {0};

    carry_make(&c, "printf x >f");
    CU_ASSERT(mkdirat(c.into, "tree", 0755) == 0);
    CU_ASSERT_FALSE(carry_open(&c, &err));
    CU_ASSERT_EQUAL(err.msg, E_DESTINATION_EXISTS);
}

static void a_name_with_a_path_in_it_is_refused(void)
{
    static const char *const names[] = {"", ".", "..", "a/b", STAGING_DIR};
    scoped(carry_clear) struct carry c;

    carry_make(&c, ":");
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct receive_place place = {
            .into = c.into, .migration = "m", .name = names[i]};
        struct error err = {0};

        CU_ASSERT_FALSE(receive_open(&c.receive, &place, &err));
        CU_ASSERT_EQUAL(err.msg, E_DESTINATION_NAME);
    }
}

static void two_at_once_are_refused(void)
{
    scoped(carry_clear) struct carry c;
    const struct receive_place place = {.migration = "m-test", .name = "tree"};
    struct receive_place again;
    struct receive second;
    struct error err = {0};

    carry_make(&c, ":");
    again = place;
    again.into = c.into;
    CU_ASSERT_FATAL(carry_open(&c, &err));
    CU_ASSERT_FALSE(receive_open(&second, &again, &err));
    CU_ASSERT_EQUAL(err.msg, E_STAGING_BUSY);
}

static void more_bytes_than_granted_are_refused(void)
{
    scoped(carry_clear) struct carry c;
    scoped(buf_clear) struct buf page = buf_upto(PAGE_BYTES_MAX);
    struct error err = {0};

    carry_make(&c, "printf 12345 >f");
    carry_list(&c);
    CU_ASSERT_FATAL(carry_open(&c, &err));
    c.receive.byte_ceiling = 4;
    CU_ASSERT(manifest_read_page(&page, &c.manifest, 0, &err));
    CU_ASSERT_FALSE(
        receive_page(&c.receive, 0, buf_span(&page), &c.manifest.page[0].digest, &err));
    CU_ASSERT_EQUAL(err.msg, E_BYTES_CEILING);
    memset(&err, 0, sizeof(err));
    CU_ASSERT_FALSE(receive_manifest(&c.receive, &c.manifest.sum, &err));
    CU_ASSERT_EQUAL(err.msg, E_BYTES_CEILING);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_tree_arrives_as_it_was),
        TEST(an_empty_tree_arrives),
        TEST(sha256_serves_as_well),
        TEST(a_dropped_target_goes_on_where_it_was),
        TEST(missing_segments_come_as_ranges),
        TEST(a_destination_that_exists_is_refused),
        TEST(a_name_with_a_path_in_it_is_refused),
        TEST(two_at_once_are_refused),
        TEST(more_bytes_than_granted_are_refused),
    };

    return run_tests("receive", tests, COUNT(tests));
}
