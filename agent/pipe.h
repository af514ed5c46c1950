/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Structs and byte strings over a stream socket between the two processes of one agent. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

must_check bool pipe_send(int socket, struct span fixed, struct span first,
                          struct span second, struct error *err);
/* Exactly n bytes; *end when the other side closed before the first one. */
must_check bool pipe_receive(int socket, void *out, size_t n, bool *end, struct error *err);
/* n more bytes, refused beyond out's ceiling. */
must_check bool pipe_receive_bytes(int socket, struct buf *out, size_t n,
                                   struct error *err);
