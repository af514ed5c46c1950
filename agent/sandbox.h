/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker closed in, before its first thread: whatever a peer makes it do reaches what its
 * work is about and the requests of agent/authority.h, nothing else.
 *
 *              at the listener                     at a command that dials
 *   mounts     all but --into is read-only (with   -
 *              CAP_SYS_ADMIN: a service that has
 *              less has nothing to spoil either)
 *   Landlock   files: --into; no TCP is dialled    files: the tree, to read; migrations/ of
 *                                                  the state; TCP: the peer's port alone
 *   caps       owners, modes, attributes           reading what others own
 *   seccomp    what receiving needs                what reading and dialling need: nothing
 *                                                  that alters a file it may only read
 *
 * A call that no worker ever makes (execve, fork, ptrace ...) ends the process. A peer that
 * is dialled by name is looked up: then port 53, UDP, and the resolver's files are open
 * too. What the kernel or a service without privileges lacks is left out, not refused, and
 * told: docs/threat-model.md. A build with
 * sanitizers is not closed in, because their reports need what is forbidden here.
 */
#pragma once

#include "base/error.h"
struct endpoint; /* transfer/put.h */

struct sandbox {
    bool mounts;
    bool seccomp;
    int landlock; /* version of its interface; 0: none */
};

/* `path` is --into; *into is its descriptor, opened again inside. From here on the process
 * is closed in, for good. E_SANDBOX, E_FILE_READ. */
must_check bool sandbox_close(struct sandbox *out, const char *path, int *into,
                              struct error *err);

/* What a command that dials has to do with. */
struct sandbox_dialler {
    const struct endpoint *peer;
    const char *tree;   /* read; NULL: none */
    const char *secret; /* a file with the administrator's password, or NULL */
    int work;           /* descriptor of the directory of the migrations, or -1 */
};

/* From here on this process is closed in, for good. E_SANDBOX; E_NUMBER for the port. */
must_check bool sandbox_close_dialler(const struct sandbox_dialler *what,
                                      struct error *err);

/* A worker of the management API: no file is opened, nothing is dialled, no capability is
 * left. E_SANDBOX. */
must_check bool sandbox_close_manager(struct error *err);
