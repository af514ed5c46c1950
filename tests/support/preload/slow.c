/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For LD_PRELOAD: a slow disk. Every write to a file at an offset, and every sync, takes
 * SLOW_MS milliseconds more. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_a_little(void)
{
    const char *text = getenv("SLOW_MS");
    const long ms = text != NULL ? strtol(text, NULL, 10) : 0;
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

#define SLOW(type, name, parameters, arguments)                                            \
    type name parameters                                                                   \
    {                                                                                      \
        wait_a_little();                                                                   \
        return ((__typeof__(&name))dlsym(RTLD_NEXT, #name))arguments;                      \
    }

SLOW(ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at), (fd, bytes, n, at))
SLOW(ssize_t, pwrite64, (int fd, const void *bytes, size_t n, off64_t at),
     (fd, bytes, n, at))
SLOW(int, fsync, (int fd), (fd))
SLOW(int, fdatasync, (int fd), (fd))
SLOW(int, syncfs, (int fd), (fd))
