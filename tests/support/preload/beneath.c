/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD under valgrind, which knows no openat2(2): the same by openat(2), a part
 * of the path at a time, for paths that may not leave their root and may not follow a link.
 * Whoever can write there could be faster than that, so it is for tests alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One part; links are refused as openat2 does it. */
static int open_part(int dir, const char *part, int flags, mode_t mode)
{
    struct stat st;

    if (strcmp(part, "..") == 0) {
        errno = EXDEV;
        return -1;
    }
    if (fstatat(dir, part, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) {
        errno = ELOOP;
        return -1;
    }
    return openat(dir, part, flags | O_NOFOLLOW, mode);
}

static int open_beneath(int root, const char *path, const struct open_how *how)
{
    char rest[PATH_MAX], *part = rest, *slash;
    int dir = root, next;

    if (path[0] == '/' || strlen(path) >= sizeof(rest)) {
        errno = path[0] == '/' ? EXDEV : ENAMETOOLONG;
        return -1;
    }
    strcpy(rest, path);
    while ((slash = strchr(part, '/')) != NULL) {
        *slash = '\0';
        next = open_part(dir, part, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (dir != root)
            close(dir);
        if (next < 0)
            return -1;
        dir = next;
        part = slash + 1;
    }
    next = open_part(dir, part, (int)how->flags, (mode_t)how->mode);
    if (dir != root)
        close(dir);
    return next;
}

long syscall(long number, ...)
{
    long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long word[6];
    va_list more;

    va_start(more, number);
    for (int i = 0; i < 6; i++)
        word[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_openat2)
        return open_beneath((int)word[0], (const char *)word[1],
                            (const struct open_how *)word[2]);
    return real(number, word[0], word[1], word[2], word[3], word[4], word[5]);
}
