/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk that fails, in the programs test_*disk_fails alone: the calls that such a program
 * and its static libraries make of the C library to open, look at, read, write, rename,
 * remove and sync are counted, and one of them fails with EIO. Standard streams are left
 * alone.
 */
#pragma once

#include <stdbool.h>

/* The nth call from now on fails, and is the only one; 0: none, they are only counted. */
void fault_at(unsigned long n);
/* No more counting; true when a call failed. */
bool fault_over(void);
/* How many calls there were, from fault_at to fault_over. */
unsigned long fault_calls(void);
/* What failed, as in "fsync". */
const char *fault_name(void);
