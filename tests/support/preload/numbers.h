/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the preloaded libraries that make something fail share with the script that uses
 * them: seven 64-bit numbers in the file FAULT_NUMBERS, read and written while the agent
 * runs. An agent is two processes, told apart by which was first.
 *
 *   0, 1  which request of the supervisor fails, and which of the worker; 0: none
 *   2     how it fails: the library says
 *   3, 4  how many requests each has made
 *   5, 6  the library says
 */
#pragma once

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum role { SUPERVISOR, WORKER, ROLES };
enum { NTH, HOW = NTH + ROLES, REQUESTS, MORE = REQUESTS + ROLES, NUMBERS = MORE + ROLES };

static atomic_ulong *number; /* NULL: without the variable, and before the start */
static pid_t first;

/* Past everything that is preloaded. */
__attribute__((constructor)) static void numbers_map(void)
{
    const char *path = getenv("FAULT_NUMBERS");
    long fd, at;

    first = getpid();
    if (path == NULL)
        return;
    fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    at = syscall(SYS_mmap, NULL, NUMBERS * sizeof(*number), PROT_READ | PROT_WRITE,
                 MAP_SHARED, fd, 0L);
    if (fd < 0 || (void *)at == MAP_FAILED)
        abort();
    syscall(SYS_close, fd);
    number = (atomic_ulong *)at;
}

static enum role own_role(void)
{
    return getpid() == first ? SUPERVISOR : WORKER;
}

/* Counts one more request of this process; `after`: all behind the Nth fail as well. */
static bool is_the_one(bool after)
{
    const unsigned long nth = atomic_load(&number[NTH + own_role()]);
    const unsigned long at = atomic_fetch_add(&number[REQUESTS + own_role()], 1) + 1;

    return nth != 0 && (after ? at >= nth : at == nth);
}
