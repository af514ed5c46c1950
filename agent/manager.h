/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The service manager, where one started us: a listening socket from it (sd_listen_fds(3))
 * and the word that we are ready (sd_notify(3)). Both protocols are stable and a few lines;
 * a library for them would be linked for nothing else.
 */
#pragma once

#include "base/error.h"

/* *out: the socket it listens on for us, marked close-on-exec; -1 when there is none. To be
 * asked before any fork, since it is meant for one process. E_LISTEN when there is more
 * than one, or one that takes no connections. */
must_check bool manager_socket(int *out, struct error *err);
/* "READY=1". Nobody may be listening; that is no failure. */
void manager_tell(const char *state);
