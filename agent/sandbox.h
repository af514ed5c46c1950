/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target's worker closed in, before its first thread: whatever a peer makes it do
 * reaches the tree below --into and the requests of agent/authority.h, nothing else.
 *
 *   mounts     all file systems but --into are read-only to it (only with CAP_SYS_ADMIN: a
 *              service that has less has nothing to spoil either)
 *   Landlock   no file outside --into is opened, made or renamed; no TCP is dialled
 *   caps       only those that keeping owners, modes and attributes needs
 *   seccomp    only the system calls receiving needs; one that no receiver ever makes
 *              (execve, connect, ptrace ...) ends the process
 *
 * What the kernel or a service without privileges lacks is left out, not refused, and
 * told: docs/threat-model.md. A build with
 * sanitizers is not closed in, because their reports need what is forbidden here.
 */
#pragma once

#include "base/error.h"

struct sandbox {
    bool mounts;
    bool seccomp;
    int landlock; /* version of its interface; 0: none */
};

/* `path` is --into; *into is its descriptor, opened again inside. From here on the process
 * is closed in, for good. E_SANDBOX, E_FILE_READ. */
must_check bool sandbox_close(struct sandbox *out, const char *path, int *into,
                              struct error *err);
