/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Allocation that cannot return NULL: when memory runs out the process says so and stops
 * with status 2, and what it was doing resumes. A length from outside meets a named limit
 * before it comes here.
 */
#pragma once

#include <stddef.h>

/* n zeroed elements of `size` bytes; n may be 0. The caller frees with mem_free. */
void *mem_zeroed(size_t n, size_t size);
/* n bytes, not zeroed, that begin where a direct write may (O_DIRECT). */
#define MEM_BLOCK 4096
void *mem_aligned(size_t n);
/* `old` resized to n elements of `size` bytes; what is new is not zeroed. */
void *mem_resize(void *old, size_t n, size_t size);
/* A copy of the string. */
char *mem_text(const char *text);
void mem_free(void *at);
/* malloc and realloc for a library that can be told what to ask: what it would make of NULL
 * (a message is no JSON, a signature does not fit) would be told as the peer's fault. */
void *mem_take(size_t n);
void *mem_retake(void *old, size_t n);
/* For one that cannot be told, once it says that it has none. */
_Noreturn void mem_stop(void);
/* Overwrite so that no compiler leaves it out. */
void mem_wipe(void *at, size_t n);
