/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Structs and byte strings over a stream socket between two processes of one agent. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* From here on it is a failure when a message is not taken as a whole, or one piece that is
 * received (by one call below) is not here as a whole, after so long, however many bytes
 * come in between: for who answers a process that may have been taken over. */
#define PIPE_PATIENCE_SECONDS 10
void pipe_lose_patience(int socket, unsigned seconds);
must_check bool pipe_send(int socket, struct span fixed, struct span first,
                          struct span second, struct error *err);
/* Exactly n bytes; *end when the other side closed before the first one. */
must_check bool pipe_receive(int socket, void *out, size_t n, bool *end, struct error *err);
/* A bool of a struct that was received is one: to read another byte as bool is undefined
 * (C17 6.2.6.1). */
bool pipe_is_bool(const bool *received);
/* n more bytes, refused beyond out's ceiling. */
must_check bool pipe_receive_bytes(int socket, struct buf *out, size_t n,
                                   struct error *err);
