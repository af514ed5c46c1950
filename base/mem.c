/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void mem_stop(void)
{
    static const char words[] = "pairgate: PGB1001: out of memory. Free memory and run it "
                                "again: an unfinished migration resumes.\n";

    if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
        _exit(2);
    _exit(2);
}

void *mem_zeroed(size_t n, size_t size)
{
    void *at = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

    if (at == NULL)
        mem_stop();
    return at;
}

void *mem_aligned(size_t n)
{
    void *at = aligned_alloc(MEM_BLOCK, (n / MEM_BLOCK + 1) * MEM_BLOCK);

    if (at == NULL)
        mem_stop();
    return at;
}

void *mem_resize(void *old, size_t n, size_t size)
{
    void *at = NULL;

    if (size == 0 || n <= SIZE_MAX / size)
        at = realloc(old, n * size > 0 ? n * size : 1);
    if (at == NULL)
        mem_stop();
    return at;
}

void *mem_take(size_t n)
{
    return mem_resize(NULL, n, 1);
}

void *mem_retake(void *old, size_t n)
{
    return mem_resize(old, n, 1);
}

char *mem_text(const char *text)
{
    size_t n = strlen(text) + 1;

    return memcpy(mem_zeroed(n, 1), text, n);
}

void mem_free(void *at)
{
    free(at);
}

void mem_wipe(void *at, size_t n)
{
    if (n > 0)
        explicit_bzero(at, n);
}
