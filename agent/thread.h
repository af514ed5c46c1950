/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread for one connection: nobody waits for it, its stack is small. */
#pragma once

#include "base/error.h"

#define THREAD_STACK (512 * 1024) /* bytes */

/* False when there is none to be had; `at` is still the caller's then. */
must_check bool thread_start(void *(*run)(void *at), void *at);
