/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that a command was asked to write, wherever it lies. */
#pragma once

#include "base/error.h"
#include "base/span.h"

#include <sys/types.h>

/* Replace FILE whole. "-" is standard output; a device or a pipe is written to, and stays.
 */
must_check bool outfile_write(const char *path, struct span bytes, mode_t mode,
                              struct error *err);
