/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD: the wall clock is as many seconds later as the file LATER says, 8 bytes
 * of the machine's order, whenever it is looked at. Mapped at the start, so that a process
 * that is confined afterwards sees it too. What counts intervals is left alone.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic(_Atomic long *) later;

__attribute__((constructor)) static void open_later(void)
{
    const char *path = getenv("LATER");
    const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at;

    if (fd < 0)
        abort();
    at = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        abort();
    close(fd);
    later = at;
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    __typeof__(&clock_gettime) real =
        (__typeof__(&clock_gettime))dlsym(RTLD_NEXT, "clock_gettime");
    const int got = real(which, now);

    if (got == 0 && which == CLOCK_REALTIME && later != NULL)
        now->tv_sec += atomic_load(later);
    return got;
}

time_t time(time_t *out)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now = {0};

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}
