/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/attrs.h"

#include "base/fs.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"
#include "transfer/manifest.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define THOUSANDS 5000

static void attributes_go_from_one_file_to_another(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(buf_clear) struct buf attrs = buf_upto(ENTRY_XATTR_BYTES_MAX);
    scoped(buf_clear) struct buf again = buf_upto(ENTRY_XATTR_BYTES_MAX);
    struct error err = {0};
    bool kept = false;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "touch a b; setfattr -n user.z -v 1 a;"
                                      "setfattr -n user.empty a; setfacl -m u:1:rw a;"
                                      "setfattr -n user.gone -v 1 b"));
    CU_ASSERT_FATAL(attrs_read(&attrs, s.fd, "a", &err));
    CU_ASSERT(attrs.n > 0);
    CU_ASSERT_FATAL(attrs_write(s.fd, "b", buf_span(&attrs), &kept, &err));
    CU_ASSERT(kept);
    CU_ASSERT_FATAL(attrs_read(&again, s.fd, "b", &err));
    CU_ASSERT(span_equal(buf_span(&attrs), buf_span(&again)));
}

static void their_names_are_in_order(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(buf_clear) struct buf attrs = buf_upto(ENTRY_XATTR_BYTES_MAX);
    struct error err = {0};
    struct xattr xattr;
    struct span rest;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "touch a; for n in c a b; do"
                                      " setfattr -n user.$n -v v a; done"));
    CU_ASSERT_FATAL(attrs_read(&attrs, s.fd, "a", &err));
    rest = buf_span(&attrs);
    CU_ASSERT(entry_take_xattr(&rest, &xattr));
    CU_ASSERT(span_equal(xattr.name, span_text("user.a")));
    CU_ASSERT(entry_take_xattr(&rest, &xattr));
    CU_ASSERT(span_equal(xattr.name, span_text("user.b")));
}

static void a_symbolic_link_is_not_followed(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(buf_clear) struct buf attrs = buf_upto(ENTRY_XATTR_BYTES_MAX);
    struct error err = {0};

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "touch a; setfattr -n user.x -v v a; ln -s a link"));
    CU_ASSERT(attrs_read(&attrs, s.fd, "link", &err));
    CU_ASSERT_EQUAL(attrs.n, 0);
}

static void what_the_file_system_refuses_is_not_kept(void)
{
    scoped(scratch_clear) struct scratch s;
    struct error err = {0};
    bool kept = true;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "touch a"));
    CU_ASSERT(attrs_write(s.fd, "a", span_of("\0\5bad.x\0\0\0\0", 11), &kept, &err));
    CU_ASSERT_FALSE(kept);
}

/* ext4 has 4 KiB for them all; what another keeps is kept. */
static void one_that_is_too_large_is_only_not_kept(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(buf_clear) struct buf attrs = buf_upto(ENTRY_XATTR_BYTES_MAX);
    static const unsigned char value[20000];
    struct error err = {0};
    bool kept = false;

    scratch_make(&s);
    CU_ASSERT_FATAL(scratch_shell(&s, "touch a"));
    CU_ASSERT_FATAL(buf_add(&attrs, span_of("\0\10user.big\0\0\x4e\x20", 14), &err) &&
                    buf_add(&attrs, span_of(value, sizeof(value)), &err));
    CU_ASSERT(attrs_write(s.fd, "a", buf_span(&attrs), &kept, &err));
    CU_ASSERT_EQUAL(err.msg, E_NONE);
}

static size_t count(struct span attrs)
{
    struct xattr xattr;
    size_t n = 0;

    while (entry_take_xattr(&attrs, &xattr))
        n++;
    return n;
}

/* On a file system that has room for them, if there is one. */
static void thousands_are_read_and_taken_away(void)
{
    scoped(buf_clear) struct buf attrs = buf_upto(ENTRY_XATTR_BYTES_MAX);
    char path[] = "/dev/shm/pairgate-attrs.XXXXXX", name[32];
    const int fd = mkstemp(path);
    scoped(fd_close) int dir = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *file = strrchr(path, '/') + 1;
    struct error err = {0};
    bool kept = false;
    size_t n = 0;

    for (snprintf(name, sizeof(name), "user.0");
         n < THOUSANDS && fd >= 0 && fsetxattr(fd, name, "", 0, 0) == 0;
         snprintf(name, sizeof(name), "user.%zu", n))
        n++;
    if (n == THOUSANDS) {
        CU_ASSERT(attrs_read(&attrs, dir, file, &err));
        CU_ASSERT_EQUAL(count(buf_span(&attrs)), THOUSANDS);
        CU_ASSERT(attrs_write(dir, file, (struct span){0}, &kept, &err));
        CU_ASSERT_EQUAL(flistxattr(fd, NULL, 0), 0);
    }
    unlink(path);
    close(fd);
}

static void capabilities_that_the_source_took_away_go(void)
{
    scoped(scratch_clear) struct scratch s;
    scoped(buf_clear) struct buf attrs = buf_upto(ENTRY_XATTR_BYTES_MAX);
    struct error err = {0};
    bool kept = false;

    scratch_make(&s);
    if (!scratch_shell(&s, "touch a && setfattr -n security.capability -v"
                           " 0sAQAAAgAEAAAAAAAAAAAAAAAAAAA= a"))
        return; /* not root's to give */
    CU_ASSERT(attrs_read(&attrs, s.fd, "a", &err));
    CU_ASSERT_EQUAL(count(buf_span(&attrs)), 1);
    CU_ASSERT(attrs_write(s.fd, "a", (struct span){0}, &kept, &err));
    CU_ASSERT(attrs_read(&attrs, s.fd, "a", &err));
    CU_ASSERT_EQUAL(attrs.n, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(attributes_go_from_one_file_to_another),
        TEST(their_names_are_in_order),
        TEST(a_symbolic_link_is_not_followed),
        TEST(what_the_file_system_refuses_is_not_kept),
        TEST(one_that_is_too_large_is_only_not_kept),
        TEST(thousands_are_read_and_taken_away),
        TEST(capabilities_that_the_source_took_away_go),
    };

    return run_tests("attrs", tests, COUNT(tests));
}
