/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD: memory, mappings and threads that are not to be had, at the Nth request
 * and, when `how` is 1, at every later one (numbers.h). The last two numbers are the
 * largest request of each process, in bytes.
 */
#include "numbers.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

static void note_size(unsigned long n)
{
    atomic_ulong *largest = &number[MORE + own_role()];
    unsigned long most = atomic_load(largest);

    while (n > most && !atomic_compare_exchange_weak(largest, &most, n))
        continue;
}

/* libseccomp does not look whether it got what it asked for: agent/syscalls.c. */
static _Thread_local bool makes_a_filter;

void *seccomp_init(uint32_t action)
{
    makes_a_filter = true;
    return ((void *(*)(uint32_t))dlsym(RTLD_NEXT, "seccomp_init"))(action);
}

void seccomp_release(void *filter)
{
    ((void (*)(void *))dlsym(RTLD_NEXT, "seccomp_release"))(filter);
    makes_a_filter = false;
}

static bool is_refused(size_t n)
{
    if (number == NULL || makes_a_filter)
        return false;
    note_size(n);
    if (!is_the_one(atomic_load(&number[HOW]) == 1))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    return is_refused(n) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return is_refused(n * size) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t n)
{
    return is_refused(n) ? NULL : __libc_realloc(old, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return is_refused(n) ? NULL : __libc_memalign(alignment, n);
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
    *out = aligned_alloc(alignment, n);
    return *out == NULL ? ENOMEM : 0;
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    if (is_refused(n))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

int pthread_create(pthread_t *out, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    const __typeof__(&pthread_create) real =
        (__typeof__(&pthread_create))dlsym(RTLD_NEXT, "pthread_create");

    return is_refused(0) ? EAGAIN : real(out, attributes, run, argument);
}
