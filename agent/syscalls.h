/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which system calls a worker may make (seccomp(2)). */
#pragma once

#include "base/error.h"

enum syscalls_of {
    SYSCALLS_LISTENER,
    SYSCALLS_DIALLER, /* by address */
    SYSCALLS_DIALLER_BY_NAME,
};

/*
 * From here on this process makes the calls that such a worker needs. Another one is
 * answered with ENOSYS, and one that no worker ever makes (execve, fork, ptrace, mount ...;
 * at the listener also connect) ends it with SIGSYS. *closed: the kernel can do that.
 * Presupposes no_new_privs and no second thread. E_SANDBOX.
 */
must_check bool syscalls_close(bool *closed, enum syscalls_of of, struct error *err);
