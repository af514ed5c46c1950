/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A local stream socket that does not block, with the patience of a TLS connection. */
#pragma once

#include "base/error.h"
#include "base/span.h"

/* At least one byte, or *got = 0 at the end; fails after `seconds` of silence. */
must_check bool plain_read(int socket, void *out, size_t room, size_t *got, int seconds,
                           struct error *err);
must_check bool plain_write(int socket, struct span bytes, int seconds, struct error *err);
