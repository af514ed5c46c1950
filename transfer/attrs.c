/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transfer/attrs.h"

#include "base/mem.h"
#include "base/text.h"
#include "transfer/disk.h"
#include "transfer/manifest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define ATTR_VALUE_MAX 65536              /* XATTR_SIZE_MAX */
#define ATTR_LIST_MAX 65536               /* XATTR_LIST_MAX */
#define ATTRS_MAX (ATTR_LIST_MAX / 7 + 1) /* "user.x" and its NUL */
#define FEW_NAMES 4096
#define PLACE_MAX (NAME_MAX + 40)

/* No call takes a directory and a name, so the way is through /proc. */
static void place_of(char out[PLACE_MAX], int dir, const char *name)
{
    snprintf(out, PLACE_MAX, "/proc/self/fd/%d/%s", dir, name);
}

static bool is_unsupported(void)
{
    return errno == ENOTSUP || errno == ENOSYS;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of a list, sorted; at most `room` of them. */
static size_t lay_names(const char **out, size_t room, const char *list, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n && count < room; i += strlen(list + i) + 1)
        out[count++] = list + i;
    qsort(out, count, sizeof(*out), compare_names);
    return count;
}

static bool add_value(struct buf *out, const char *place, const char *name,
                      struct error *err)
{
    scoped(buf_clear) struct buf value = buf_upto(ATTR_VALUE_MAX);
    ssize_t n;

    if (!buf_reserve(&value, ATTR_VALUE_MAX, err))
        return false;
    n = lgetxattr(place, name, value.at, ATTR_VALUE_MAX);
    if (n < 0 && (errno == ENODATA || is_unsupported()))
        return true;
    if (n < 0)
        return fail_errno(err, E_NOT_READABLE, name);
    return buf_add_u16(out, (unsigned)strlen(name), err) && buf_add_text(out, name, err) &&
           buf_add_u32(out, (unsigned long)n, err) &&
           buf_add(out, span_of(value.at, (size_t)n), err);
}

static bool add_all(struct buf *out, const char *place, const char *list, size_t n,
                    struct error *err)
{
    const char *name[ATTRS_MAX];
    const size_t names = lay_names(name, COUNT(name), list, n);

    for (size_t i = 0; i < names; i++)
        if (!add_value(out, place, name[i], err))
            return false;
    return true;
}

bool attrs_read(struct buf *out, int dir, const char *name, struct error *err)
{
    char place[PLACE_MAX];
    scoped(buf_clear) struct buf list = buf_upto(ATTR_LIST_MAX);
    ssize_t n;

    buf_reset(out);
    place_of(place, dir, name);
    n = llistxattr(place, NULL, 0);
    if (n == 0 || (n < 0 && is_unsupported()))
        return true;
    if (n < 0)
        return fail_errno(err, E_NOT_READABLE, name);
    if (!buf_reserve(&list, ATTR_LIST_MAX, err))
        return false;
    n = llistxattr(place, (char *)list.at, ATTR_LIST_MAX);
    if (n < 0)
        return fail_errno(err, E_NOT_READABLE, name);
    return add_all(out, place, (const char *)list.at, (size_t)n, err);
}

/* What a file system keeps beside a file has limits of its own, and where they are reached
 * ext4 and btrfs say that there is no space. */
static bool is_too_large(int dir)
{
    const int why = errno;
    struct statvfs room;
    const bool full = fstatvfs(dir, &room) != 0 || room.f_bavail == 0;

    errno = why;
    return why == E2BIG || (why == ENOSPC && !full);
}

/* Without the right to it or the file system's support it is only not kept. */
static bool may_do_without(int dir, bool *kept)
{
    if (errno != EPERM && errno != EACCES && errno != EOPNOTSUPP && errno != EINVAL &&
        !is_too_large(dir))
        return false;
    *kept = false;
    return true;
}

static bool set_one(int dir, const char *place, const struct xattr *xattr, bool *kept,
                    struct error *err)
{
    char name[NAME_MAX + 1];

    snprintf(name, sizeof(name), "%.*s", (int)xattr->name.n, (const char *)xattr->name.at);
    if (lsetxattr(place, name, xattr->value.at, xattr->value.n, 0) == 0 ||
        may_do_without(dir, kept))
        return true;
    return disk_fail(err, name);
}

static bool is_among(struct span attrs, const char *name)
{
    struct xattr xattr;

    while (entry_take_xattr(&attrs, &xattr))
        if (span_equal(xattr.name, span_text(name)))
            return true;
    return false;
}

/* What a security module has set here is this machine's; capabilities are the file's. */
static bool is_ours(const char *name)
{
    return !text_starts(name, "security.") || text_equal(name, "security.capability");
}

/* A new file inherits attributes from its directory that the source's file did not have,
 * and one of an earlier generation has what the source's had then. */
static void remove_others(const char *place, struct span attrs)
{
    scoped(buf_clear) struct buf many = buf_upto(ATTR_LIST_MAX);
    char few[FEW_NAMES];
    const char *list = few;
    ssize_t n = llistxattr(place, few, sizeof(few));
    struct error none = {0};

    if (n < 0 && errno == ERANGE && buf_reserve(&many, ATTR_LIST_MAX, &none)) {
        n = llistxattr(place, (char *)many.at, ATTR_LIST_MAX);
        list = (const char *)many.at;
    }
    for (ssize_t i = 0; i < n; i += (ssize_t)strlen(list + i) + 1)
        if (is_ours(list + i) && !is_among(attrs, list + i))
            lremovexattr(place, list + i);
}

bool attrs_write(int dir, const char *name, struct span attrs, bool *kept,
                 struct error *err)
{
    char place[PLACE_MAX];
    struct xattr xattr;

    *kept = true;
    place_of(place, dir, name);
    remove_others(place, attrs);
    while (entry_take_xattr(&attrs, &xattr))
        if (!set_one(dir, place, &xattr, kept, err))
            return false;
    return true;
}
