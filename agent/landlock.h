/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Landlock (landlock(7)): which files a process may open and which ports it may dial. */
#pragma once

#include "base/error.h"

#include <stddef.h>

enum landlock_may {
    LANDLOCK_READ,
    LANDLOCK_TERMINAL, /* read, write, and set what it echoes */
    LANDLOCK_CHANGE,   /* read and write; make, rename and remove what is below */
};

struct landlock_path {
    int at; /* a descriptor, of O_PATH too; -1 is passed over */
    enum landlock_may may;
    bool is_file; /* no directory */
};

/*
 * From here on this process, its threads and children open n paths and what is below them,
 * and make TCP connections to these ports, 0 being none. With no ports at all, none is
 * made. Presupposes no_new_privs. *version is that of the kernel's interface, which decides
 * what is held to: 0 has nothing, before 4 ports are not looked at. E_SANDBOX.
 */
must_check bool landlock_close(int *version, const struct landlock_path *paths, size_t n,
                               const unsigned *ports, size_t n_ports, struct error *err);
